//! `tidegate tables`: the table by which Athena reads a model's records, every feature a column of its own.
//!
//! The tables that all models share come with `infra/lake.yaml`. This one follows from the contract, by the very schema that records are written with.

use std::path::PathBuf;

use arrow_schema::DataType;
use tidegate_contract::Contract;
use tidegate_intake::{IntakeError, Layout, Plan};
use tidegate_lake::keys::hive;

use crate::error::CliError;
use crate::files;
use crate::terminal::Outcome;

/// First day that Athena looks for; earlier ones need another range.
const FIRST_DAY: &str = "2010-01-01";

/// Print the statement that makes a model's records a table in Athena
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The contract, YAML
    contract: PathBuf,
    /// Name of the lake bucket
    #[arg(long, value_name = "NAME")]
    lake_bucket: String,
    /// Name of the database, an output of infra/lake.yaml
    #[arg(long, value_name = "NAME")]
    database: String,
}

/// Prints it.
pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, CliError> {
    let contract = files::contract(&arguments.contract)?;
    let said = statement(&contract, &arguments.lake_bucket, &arguments.database);
    said.map(Outcome::good).map_err(|source| CliError::Intake { path: arguments.contract.clone(), source })
}

fn statement(contract: &Contract, bucket: &str, database: &str) -> Result<String, IntakeError> {
    let table = format!("records_{}", contract.model.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_"));
    let place = format!("s3://{bucket}/records/model={}/", hive(&contract.model));
    let plan = Plan::new(contract, Layout::Logs)?;
    let columns: Vec<String> =
        plan.schema().fields().iter().map(|field| format!("  `{}` {}", field.name(), kind(field.data_type()))).collect();
    // A partition is no column of the file. Where a feature is called like one, the partition makes way.
    let taken = |name: &str| plan.schema().fields().iter().any(|field| field.name() == name);
    let partition = |name: &str| if taken(name) { format!("{name}_of_file") } else { name.to_owned() };
    let (version, day, hour) = (partition("version"), partition("dt"), partition("hour"));
    let columns = columns.join(",\n");
    Ok(format!(
        "CREATE EXTERNAL TABLE `{database}`.`{table}` (\n{columns}\n)\n\
         PARTITIONED BY (`{version}` string, `{day}` string, `{hour}` int)\n\
         STORED AS PARQUET\n\
         LOCATION '{place}'\n\
         TBLPROPERTIES (\n\
         \x20 'projection.enabled' = 'true',\n\
         \x20 'projection.{version}.type' = 'injected',\n\
         \x20 'projection.{day}.type' = 'date', 'projection.{day}.format' = 'yyyy-MM-dd', 'projection.{day}.range' = '{FIRST_DAY},NOW+1DAYS',\n\
         \x20 'projection.{hour}.type' = 'integer', 'projection.{hour}.range' = '0,23', 'projection.{hour}.digits' = '2',\n\
         \x20 'storage.location.template' = '{place}version=${{{version}}}/dt=${{{day}}}/hour=${{{hour}}}/'\n\
         )\n"
    ))
}

/// Athena's name of a type that records are stored in.
fn kind(stored: &DataType) -> &'static str {
    match stored {
        DataType::Timestamp(..) => "timestamp",
        DataType::Float64 => "double",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        statement(&Contract::parse(text).unwrap(), "lake", "tidegate_dev").unwrap()
    }

    #[test]
    fn every_feature_is_a_column_of_its_type() {
        let said = of(
            "model: flight-delay\ntask: binary\nfeatures:\n  - { name: dep_delay, type: numeric }\n  - { name: carrier, type: categorical }\n",
        );
        for expected in [
            "`tidegate_dev`.`records_flight_delay` (\n  `timestamp` timestamp,\n  `inference_id` string,\n  `dep_delay` double,\n  `carrier` string,\n  `score` double,\n  `prediction` string,\n  `latency_ms` double\n)",
            "PARTITIONED BY (`version` string, `dt` string, `hour` int)",
            "'s3://lake/records/model=flight-delay/version=${version}/dt=${dt}/hour=${hour}/'",
        ] {
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn a_feature_that_is_called_like_a_partition_keeps_its_name() {
        let said = of("model: m\ntask: regression\nfeatures:\n  - { name: hour, type: numeric }\n");
        assert!(said.contains("`hour` double") && said.contains("`hour_of_file` int") && said.contains("/hour=${hour_of_file}/"), "{said}");
        assert!(said.contains("`prediction` double"), "a regression predicts a number: {said}");
    }
}
