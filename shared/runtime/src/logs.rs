//! Logs: one JSON object a line, with metrics passed through as they are.

use std::fmt;

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Json, JsonFields, Writer},
    },
    registry::LookupSpan,
};

use crate::metrics::METRICS_TARGET;

/// Starts logging to standard output: one JSON object a line, at level `info` unless `RUST_LOG` says otherwise. A
/// process starts it once; later calls change nothing.
pub fn start_logs() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = Lines {
        ordinary: tracing_subscriber::fmt::format().json().flatten_event(true).with_current_span(true).with_span_list(false).without_time(),
    };
    let started = tracing_subscriber::fmt().with_env_filter(filter).fmt_fields(JsonFields::new()).event_format(lines).try_init();
    if started.is_err() {
        tracing::debug!("logs had been started before");
    }
}

/// The format of the lines. Time stamps are left out: CloudWatch adds its own.
struct Lines {
    ordinary: Format<Json, ()>,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if event.metadata().target() != METRICS_TARGET {
            return self.ordinary.format_event(context, writer, event);
        }
        let mut line = MetricsLine::default();
        event.record(&mut line);
        writeln!(writer, "{}", line.0)
    }
}

/// Takes the line out of an event of [`crate::emit`].
#[derive(Default)]
struct MetricsLine(String);

impl Visit for MetricsLine {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "line" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn metrics_stand_at_the_top_of_their_line_and_other_events_are_json() {
        let sink = Sink::default();
        let writer = sink.clone();
        let lines = Lines { ordinary: tracing_subscriber::fmt::format().json().flatten_event(true).without_time() };
        let subscriber =
            tracing_subscriber::fmt().fmt_fields(JsonFields::new()).event_format(lines).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            crate::emit(r#"{"_aws":{}}"#);
            tracing::info!(object.key = "a\nb", "read");
        });
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], r#"{"_aws":{}}"#);
        let event: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
        assert_eq!(event["object.key"], "a\nb");
        assert_eq!(lines.len(), 2);
    }
}
