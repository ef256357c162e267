//! A baseline from the files of a data set.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tidegate_contract::{Contract, FieldRole};
use tidegate_intake::Layout;
use tidegate_profile::{Baseline, Lines, Sampler, Source};

use super::{Batches, and_more, join, plan, read};
use crate::error::CliError;
use crate::files::Progress;
use crate::stored;

/// Learns a baseline from the files of a data set: one pass to freeze the cells, one to count in them.
pub(crate) fn baseline(contract: &Contract, paths: &[PathBuf]) -> Result<Baseline, CliError> {
    let first = paths.first().map_or(Path::new(""), PathBuf::as_path);
    if let Some(path) = paths.iter().find(|path| stored::is_stored(path)) {
        return match paths {
            [_] => stored::read_for(contract, path),
            several => Err(CliError::SeveralBaselines { path: path.clone(), count: several.len() }),
        };
    }
    let plan = plan(contract, Layout::Dataset, first)?;
    let mut sampler = Sampler::new(plan.fields());
    let (mut digests, mut halves) = (Vec::new(), Vec::new());
    let mut lines = Lines::default();
    let mut fault = None;
    let progress = Progress::over("learning the baseline", paths);
    for path in paths {
        let mut sink = Batches::new(|_, batch, _| Ok(sampler.observe(batch)?));
        let summary = read(&plan, path, &progress, &mut sink)?;
        halves.append(&mut sink.halves);
        fault = fault.or(sink.first_rejected);
        add(&mut lines, summary.lines);
        digests.push(summary.content_sha256);
    }
    drop(progress);
    let summary = join(&plan, halves.clone(), first, &mut Batches::new(|_, batch, _| Ok(sampler.observe(batch)?)))?;
    add(&mut lines, summary.lines);
    if lines.accepted == 0 {
        return Err(CliError::EmptyBaseline { path: first.to_owned(), fault });
    }
    let limit = contract.monitoring.bad_lines;
    if lines.quarantined as f64 > limit * lines.read as f64 {
        return Err(CliError::BrokenBaseline { bad: lines.quarantined, read: lines.read, limit, reasons: fault });
    }

    let id = identifier(&digests);
    let location = locations(paths);
    let source = Source { id: id.clone(), location, content: id.clone(), lines };
    let mut builder = sampler.freeze(&id, source);
    let progress = Progress::over("counting the baseline", paths);
    for path in paths {
        let mut sink = Batches::new(|_, batch, facts| Ok(builder.observe(batch, facts)?));
        read(&plan, path, &progress, &mut sink)?;
    }
    drop(progress);
    join(&plan, halves, first, &mut Batches::new(|_, batch, facts| Ok(builder.observe(batch, facts)?)))?;
    let baseline = builder.finish();
    let mut features = baseline.profile.fields.iter().filter(|field| field.role == FieldRole::Feature);
    if features.all(|field| field.present == 0) {
        return Err(CliError::ForeignBaseline { path: first.to_owned() });
    }
    Ok(baseline)
}

/// The identifier of a data set: the digest of its only file's content, or of the list of its files' digests.
fn identifier(digests: &[String]) -> String {
    match digests {
        [one] => one.clone(),
        several => Sha256::digest(several.join("\n")).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat(),
    }
}

fn locations(paths: &[PathBuf]) -> String {
    paths.split_first().map_or_else(String::new, |(first, others)| and_more(first.display(), others.len()))
}

fn add(sum: &mut Lines, lines: Lines) {
    sum.read += lines.read;
    sum.accepted += lines.accepted;
    sum.quarantined += lines.quarantined;
    sum.blank += lines.blank;
}
