"""lake.yaml against a lake: its tables say where files lie and what is in them, and its queries answer.

Without a lake, what can be told from the template alone: that every query names tables and columns that are there. With the folder of an
account that `tidegate demo --state FOLDER` made, every file must lie where its table's template says, hold the columns of the types that the table
says, and every query is run on it (by DuckDB, translated from Athena's dialect by sqlglot).
"""

import json
import re
import subprocess
from pathlib import Path

import duckdb
import sqlglot
from resolve import ACCOUNT, REGION, Resolved
from sqlglot import exp
from template import ROOT, read_plain

# What the placeholders of queries about features stand for in the demo's lake.
DEMO = {"records_your_model": "records_flight_delay", "your_feature": "dep_delay", "your_category": "carrier"}
# What each `?` gets, by what the query's first line calls it. The demo's flights are of 2013, its files of the day on which it ran.
GIVEN = {
    "model": "flight-delay",
    "version": "1.0.0",
    "length": "7d",
    "end": "2013-08-01T00",
    "first_end": "2013-01-01T00",
    "last_end": "2013-12-31T00",
    "first_day": "2013-01-01",
    "last_day": "2099-12-31",
    "day": "2013-07-01",
    "field": "dep_delay",
}
# Queries that cannot have an answer there: the demo has no ground truth, and no segment of its model drifts by itself.
WITHOUT_ANSWER = {"WhichSegments", "WhatBecameOfThem"}
# Tables that the demo writes no file for, and where else their columns stand.
STRUCTS = {
    "performance": (ROOT / "shared/performance/src/verdict.rs", "Performance"),
}


class Lake:
    def __init__(self, template):
        self.stack = Resolved(template, Stage="dev", KeyArn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1")
        self.tables = {t["TableInput"]["Name"]: t["TableInput"] for _, t in self.stack.of("AWS::Glue::Table")}
        self.queries = {name: q["QueryString"] for name, q in self.stack.of("AWS::Athena::NamedQuery")}

    def columns(self, name):
        """Column → Hive type, partitions included."""
        table = self.tables[name]
        return {c["Name"]: c["Type"] for c in table["StorageDescriptor"]["Columns"] + table.get("PartitionKeys", [])}

    def add(self, statement):
        """A table that a CREATE EXTERNAL TABLE makes."""
        made = sqlglot.parse_one(statement, dialect="athena")
        told = {p.name: p.args["value"].name for p in made.find_all(exp.Property) if "value" in p.args}
        location = made.find(exp.LocationProperty).this.name
        parts = [c for c in made.find(exp.PartitionedByProperty).find_all(exp.ColumnDef)]
        column = lambda c: {"Name": c.name, "Type": c.args["kind"].sql(dialect="hive").lower()}  # noqa: E731
        self.tables[made.this.this.name] = {
            "Name": made.this.this.name,
            "Parameters": told | {"classification": "parquet"},
            "PartitionKeys": [column(c) for c in parts],
            "StorageDescriptor": {"Location": location, "Columns": [column(c) for c in made.this.expressions]},
        }
        return made.this.this.name

    # ── from the template alone ────────────────────────────────────────────────────────────────────────────────────

    def faults(self):
        connection = duckdb.connect()  # with every table, empty
        for name in self.tables:
            columns = ", ".join(f'"{c}" {duck(t)}' for c, t in self.columns(name).items())
            connection.execute(f'CREATE TABLE "{name}" ({columns})')
        connection.execute("CREATE TABLE records_your_model (version VARCHAR, dt VARCHAR, hour INT, your_feature DOUBLE, your_category VARCHAR, score DOUBLE)")
        for name, query in self.queries.items():
            yield from (f"{name}: {error}" for error in [answer(connection, query)[1]] if error)
            if query.count("?") != len(said(query)):
                yield f"{name}: has {query.count('?')} parameters, and its first line names {len(said(query))}"
        for name, table in self.tables.items():
            keys, told = [k["Name"] for k in table.get("PartitionKeys", [])], table["Parameters"]
            pattern = told.get("storage.location.template", "")
            if keys and (told.get("projection.enabled") != "true" or [k for k in keys if f"projection.{k}.type" not in told]):
                yield f"{name}: not every partition is projected"
            if sorted(re.findall(r"\$\{(\w+)\}", pattern)) != sorted(keys):
                yield f"{name}: its template names other parts than its partitions {keys}"
            if not pattern.startswith(table["StorageDescriptor"]["Location"]) and keys:
                yield f"{name}: its template leaves its location"
        for name, (source, struct) in STRUCTS.items():
            text = source.read_text(encoding="utf-8")
            for column, kind in self.columns(name).items():
                if column in {k["Name"] for k in self.tables[name]["PartitionKeys"]}:
                    continue
                yield from (f"{name}: {struct} has no field {f}" for f in [column] if not declares(text, struct, f))
                if column == "check":
                    inner = re.findall(r"(\w+):", kind)
                    yield from (f"{name}: Check has no field {f}" for f in inner if not declares(text, "Check", f))

    # ── on a lake ──────────────────────────────────────────────────────────────────────────────────────────────────

    def faults_of(self, name, folder, most):
        """What is wrong with one table, on its first files."""
        lake = Path(folder) / "s3" / "lake"
        prefix = self.tables[name]["StorageDescriptor"]["Location"].removeprefix(f"s3://{self.bucket()}/")
        yield from self._files(duckdb.connect(), name, sorted(p for p in (lake / prefix).rglob("*") if p.is_file())[:most], str(lake), exact=False)

    def faults_on(self, folder, tidegate):
        """Everything again, on the files below `folder`."""
        lake = Path(folder) / "s3" / "lake"
        printed = subprocess.run([tidegate, "tables", ROOT / "cli/demo/flight-delay.yaml", "--lake-bucket", self.bucket(), "--database", "tidegate_dev"], capture_output=True, text=True, check=True)
        of_model = self.add(printed.stdout)
        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'")
        for name, table in self.tables.items():
            prefix = table["StorageDescriptor"]["Location"].removeprefix(f"s3://{self.bucket()}/")
            files = sorted(p for p in (lake / prefix).rglob("*") if p.is_file())
            yield from self._files(connection, name, files, str(lake), exact=name == of_model)
        for name, query in self.queries.items():
            for placeholder, stands_for in DEMO.items():
                query = query.replace(placeholder, stands_for)
            rows, error = answer(connection, query)
            if error or (not rows and name not in WITHOUT_ANSWER):
                yield f"{name}: " + str(error or "no answer on a lake that has one")

    def bucket(self):
        return f"tidegate-dev-lake-{ACCOUNT}-{REGION}"

    def _files(self, connection, name, files, lake, exact):
        """Loads the table's files; says which do not lie or look as the table says."""
        table = self.tables[name]
        parts = [k["Name"] for k in table.get("PartitionKeys", [])]
        columns = {c["Name"]: c["Type"] for c in table["StorageDescriptor"]["Columns"]}
        is_parquet = table["Parameters"]["classification"] == "parquet"
        template = table["Parameters"].get("storage.location.template", table["StorageDescriptor"]["Location"]).replace(f"s3://{self.bucket()}", lake)
        pattern = re.escape(template)
        for part in parts:
            pattern = pattern.replace(re.escape(f"${{{part}}}"), f"(?P<{part}>[^/]+)")
        rows = [path for path in files if path.suffix not in {".html"} and path.name not in {"joined.json", "measured.json"}]
        yield from (f"{name}: {path} does not lie where the table looks" for path in rows if not re.fullmatch(pattern + "[^/]+", str(path)))
        chosen = ", ".join(f'"{c}"' for c in columns)
        found = "".join(f""", regexp_extract(filename, '{only(pattern, p)}', 1) AS "{p}" """ for p in parts)
        if not rows:
            given = ", ".join(f'NULL::{duck(t)} AS "{c}"' for c, t in self.columns(name).items())
            connection.execute(f'CREATE TABLE "{name}" AS SELECT {given} WHERE false')
            return
        paths = [str(path) for path in rows]
        if is_parquet:
            stored = dict(connection.execute("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet($1, union_by_name = true, hive_partitioning = false))", [paths]).fetchall())
            yield from (f"{name}: {c} is {stored.get(c)} in the files, and {t} in the table" for c, t in columns.items() if PARQUET.get(stored.get(c)) != t)
            if exact and list(columns) != list(stored):
                yield f"{name}: its columns are {list(columns)}, those of the files {list(stored)}"
            source = f"read_parquet({paths!r}, filename = true, hive_partitioning = false)"
        else:
            typed = ", ".join(f"'{c}': '{duck(t)}'" for c, t in columns.items())
            there = set().union(*(keys_of(json.loads(line)) for path in rows for line in path.read_text(encoding="utf-8").splitlines()))
            yield from (f"{name}: no file has {path}" for path in keys_said(columns) if path not in there)
            source = f"read_json({paths!r}, format = 'newline_delimited', columns = {{{typed}}}, filename = true, hive_partitioning = false, maximum_object_size = 100000000)"
        try:
            connection.execute(f'CREATE TABLE "{name}" AS SELECT {chosen}{found} FROM {source}')
        except duckdb.Error as error:
            yield f"{name}: {error}"


# DuckDB's name of what a Parquet file holds → Hive's.
PARQUET = {"DOUBLE": "double", "VARCHAR": "string", "TIMESTAMP WITH TIME ZONE": "timestamp"}
# Keys of verdicts that only some have; the demo's need not.
SOMETIMES = re.compile(r"^segments\.|\.missing_|\.mean_")


def duck(kind):
    return exp.DataType.build(kind, dialect="hive").sql(dialect="duckdb", identify=True)


def answer(connection, query):
    """(rows, nothing), or (nothing, why there are none)."""
    try:
        translated = sqlglot.transpile(query, read="athena", write="duckdb")[0]
        return connection.execute(translated, [GIVEN[what] for what in said(query)]).fetchall(), None
    except (duckdb.Error, sqlglot.errors.SqlglotError, KeyError) as error:
        return None, error


def only(pattern, part):
    """A pattern of which only one named part is kept."""
    return re.sub(r"\(\?P<(\w+)>", lambda m: "(" if m[1] == part else "(?:", pattern)


def said(query):
    """What the query's `?` stand for, in their order."""
    return query.splitlines()[0].removeprefix("-- parameters: ").split(", ")


def keys_of(value, path=""):
    """Every path of keys in a JSON value."""
    if isinstance(value, dict):
        return {path + key for key in value}.union(*(keys_of(part, f"{path}{key}.") for key, part in value.items()), set())
    if isinstance(value, list):
        return set().union(*(keys_of(part, path) for part in value))
    return set()


def keys_said(columns):
    """Every path of keys that columns' types name and that some file must have."""

    def within(kind, path):
        for field in kind.expressions:
            if isinstance(field, exp.ColumnDef):
                yield path + field.name
                yield from within(field.args["kind"], f"{path}{field.name}.")
            elif isinstance(field, exp.DataType) and kind.this == exp.DataType.Type.ARRAY:
                yield from within(field, path)

    for column, kind in columns.items():
        yield column
        for path in within(exp.DataType.build(kind, dialect="hive"), f"{column}."):
            if not SOMETIMES.search(path):
                yield path


def declares(source, struct, field):
    body = re.search(rf"pub struct {struct} \{{(.*?)^\}}", source, re.DOTALL | re.MULTILINE)
    return bool(body and re.search(rf"pub {field}:", body[1]))


def table(template, name):
    return template["Resources"][name]["Properties"]["TableInput"]


def column(template, name, at):
    return next(c for c in table(template, name)["StorageDescriptor"]["Columns"] if c["Name"] == at)


def ask(name, old, new):
    """Changes a query."""

    def change(template):
        query = template["Resources"][name]["Properties"]
        query["QueryString"] = query["QueryString"].replace(old, new)

    return change


# Templates that must be refused: by what the template alone tells, and by the files of a lake.
BROKEN = [
    ask("WhatMoved", "importance", "weight"),
    ask("WhichWindowsDrifted", "headline", "title"),
    ask("HowMuchTraffic", "AND version = ?", ""),
    ask("WhichFiles", "FROM receipts", "FROM objects"),
    ask("WhatWasRejected", "GROUP BY", "GROUP"),
    lambda t: table(t, "Records")["Parameters"].pop("projection.hour.type"),
    lambda t: table(t, "Truth")["Parameters"].update({"projection.enabled": "false"}),
    lambda t: table(t, "Verdicts")["Parameters"].update({"storage.location.template": {"Fn::Sub": "s3://${NamePrefix}-${Stage}-lake/reports/${!model}/"}}),
    lambda t: column(t, "Performance", "labelled").update(Name="labeled"),
    lambda t: column(t, "Performance", "check").update(Type="struct<value:double,low:double>"),
]
BROKEN_ON_A_LAKE = [
    ("records", lambda t: column(t, "Records", "score").update(Type="string")),
    ("records", lambda t: column(t, "Records", "latency_ms").update(Name="latency")),
    ("records", lambda t: table(t, "Records")["Parameters"].update({"storage.location.template": {"Fn::Join": ["", ["s3://", PLACE, "/records/model=${model}/dt=${dt}/hour=${hour}/version=${version}/"]]}})),
    ("verdicts", lambda t: column(t, "Verdicts", "action").update(Type="struct<kind:string,says:string>")),
    ("verdicts", lambda t: column(t, "Verdicts", "headline").update(Type="bigint")),
    ("receipts", lambda t: column(t, "Receipts", "lines").update(Type="struct<read:bigint,rejected:bigint>")),
    ("quarantine", lambda t: column(t, "Quarantine", "reason").update(Type="bigint")),
]
PLACE = f"tidegate-dev-lake-{ACCOUNT}-{REGION}"


def accepted(folder=None):
    """Which broken templates nothing refuses."""
    for number, change in enumerate(BROKEN):
        broken = template()
        change(broken)
        if not list(Lake(broken).faults()):
            yield f"broken tables {number} are accepted"
    for number, (name, change) in enumerate(BROKEN_ON_A_LAKE if folder else []):
        broken = template()
        change(broken)
        if not list(Lake(broken).faults_of(name, folder, 20)):
            yield f"tables {number} that no lake has are accepted"


def template():
    return read_plain("lake.yaml")
