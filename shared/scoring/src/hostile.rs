//! Files that no exporter would write: each is refused with what was found, what was expected, and where.

use tidegate_contract::{Contract, Feature, FeatureKind, Task};

use crate::wire::Writer;
use crate::{Column, Columns, Model, ScoringError, Signature};

fn signature(task: Task) -> Signature {
    let mut contract = Contract::new("hostile", task);
    contract.features.push(Feature::new("distance", FeatureKind::Numeric));
    contract.features.push(Feature::new("load", FeatureKind::Numeric));
    Signature::of(&contract)
}

/// A file whose graph reads a tensor of two columns `x` and answers `y`.
fn file(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut model = Writer::default();
    model.int(1, 8).message(7, |graph| {
        write(graph);
        value(graph, 11, "x", 1, &[0, 2]);
        value(graph, 12, "y", 1, &[0, 1]);
    });
    model.message(8, |set| _ = set.put(1, b"").int(2, 15)).message(8, |set| _ = set.put(1, b"ai.onnx.ml").int(2, 3));
    model.finish()
}

fn value(graph: &mut Writer, number: u64, name: &str, data_type: i64, sizes: &[i64]) {
    graph.message(number, |value| {
        value.put(1, name.as_bytes()).message(2, |kind| {
            kind.message(1, |tensor| {
                tensor.int(1, data_type).message(2, |shape| {
                    for size in sizes {
                        shape.message(1, |dimension| _ = dimension.int(1, *size));
                    }
                });
            });
        });
    });
}

fn node(graph: &mut Writer, domain: &str, operator: &str, inputs: &[&str], outputs: &[&str], attributes: &[(&str, Setting<'_>)]) {
    graph.message(1, |node| {
        for name in inputs {
            node.put(1, name.as_bytes());
        }
        for name in outputs {
            node.put(2, name.as_bytes());
        }
        node.put(3, b"here").put(4, operator.as_bytes()).put(7, domain.as_bytes());
        for (name, setting) in attributes {
            node.message(5, |attribute| {
                attribute.put(1, name.as_bytes());
                match setting {
                    Setting::Int(value) => _ = attribute.int(3, *value),
                    Setting::Ints(values) => values.iter().for_each(|value| _ = attribute.int(8, *value)),
                    Setting::Floats(values) => values.iter().for_each(|value| _ = attribute.float(7, *value)),
                    Setting::Texts(values) => values.iter().for_each(|value| _ = attribute.put(9, value.as_bytes())),
                }
            });
        }
    });
}

enum Setting<'a> {
    Int(i64),
    Ints(&'a [i64]),
    Floats(&'a [f32]),
    Texts(&'a [&'a str]),
}

fn refusal(bytes: &[u8]) -> String {
    Model::load(bytes, &signature(Task::Regression)).unwrap_err().to_string()
}

/// One tree of the given branches: (true, false) for each node, no branch for a leaf.
fn tree(branches: &[Option<(i64, i64)>], feature: i64) -> Vec<u8> {
    let ids = (0..).take(branches.len()).collect::<Vec<i64>>();
    let zeros = vec![0; branches.len()];
    let features = vec![feature; branches.len()];
    let yes = branches.iter().map(|branch| branch.map_or(0, |(yes, _)| yes)).collect::<Vec<_>>();
    let no = branches.iter().map(|branch| branch.map_or(0, |(_, no)| no)).collect::<Vec<_>>();
    let modes = branches.iter().map(|branch| branch.map_or("LEAF", |_| "BRANCH_LEQ")).collect::<Vec<_>>();
    let leaves = ids.iter().zip(branches).filter(|(_, branch)| branch.is_none()).map(|(id, _)| *id).collect::<Vec<_>>();
    let thresholds = vec![0.5; branches.len()];
    let weights = leaves.iter().map(|leaf| f32::from(u8::try_from(*leaf).unwrap())).collect::<Vec<_>>();
    file(|graph| {
        let settings = [
            ("n_targets", Setting::Int(1)),
            ("nodes_nodeids", Setting::Ints(&ids)),
            ("nodes_treeids", Setting::Ints(&zeros)),
            ("nodes_featureids", Setting::Ints(&features)),
            ("nodes_truenodeids", Setting::Ints(&yes)),
            ("nodes_falsenodeids", Setting::Ints(&no)),
            ("nodes_values", Setting::Floats(&thresholds)),
            ("nodes_modes", Setting::Texts(&modes)),
            ("target_ids", Setting::Ints(&zeros[..leaves.len()])),
            ("target_treeids", Setting::Ints(&zeros[..leaves.len()])),
            ("target_nodeids", Setting::Ints(&leaves)),
            ("target_weights", Setting::Floats(&weights)),
        ];
        node(graph, "ai.onnx.ml", "TreeEnsembleRegressor", &["x"], &["y"], &settings);
    })
}

#[test]
fn files_of_other_formats_are_named_and_refused() {
    for (bytes, expected) in [
        (&b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x05posix"[..], "found a pickle, expected an ONNX file: a pickle is code"),
        (b"(dp0\nS'a'\np1\nI1\ns.", "found a pickle"),
        (b"PK\x03\x04\x14\0archive/data.pkl", "found a zip archive"),
        (b"\x1f\x8b\x08\0", "found a compressed file"),
        (b"{L\0\0\0\0\0\0\0\x07learner", "convert_xgboost"),
        (b"binf\0\0", "convert_xgboost"),
        (b"tree\nversion=v4\n", "convert_lightgbm"),
        (b"\x40\0\0\0\0\0\0\0{\"weight\":", "found a safetensors file"),
        (b"\x89HDF\r\n\x1a\n", "found an HDF5 file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "found a text file"),
        (b"", "found an empty file"),
    ] {
        let refusal = refusal(bytes);
        assert!(refusal.contains(expected), "{refusal}");
    }
}

#[test]
fn a_file_that_is_cut_off_says_so() {
    let whole = file(|graph| node(graph, "", "ReduceSum", &["x"], &["y"], &[]));
    let refusal = refusal(&whole[..whole.len() / 2]);
    assert!(
        refusal.starts_with("not readable as ONNX: the file: found") && refusal.ends_with("the file is cut off or damaged"),
        "{refusal}"
    );
}

#[test]
fn a_tensor_that_claims_to_be_huge_is_refused_before_room_is_made() {
    let initializer = |dims: &[i64]| {
        file(|graph| {
            graph.message(5, |tensor| {
                for size in dims {
                    tensor.int(1, *size);
                }
                tensor.int(2, 1).put(8, b"w").put(9, &[0; 8]);
            });
        })
    };
    assert!(refusal(&initializer(&[1 << 40, 1 << 40])).contains("tensor \"w\": found a tensor of shape"));
    assert!(refusal(&initializer(&[1 << 40, 0])).contains("at most 16777216 values"));
    assert!(refusal(&initializer(&[-1])).contains("an axis of -1"));
    assert!(refusal(&initializer(&[3])).contains("found 2 values, expected 3"));
    assert!(refusal(&initializer(&[1; 9])).contains("a tensor of 9 axes"));
}

#[test]
fn values_that_lie_in_another_file_are_refused_with_its_name() {
    let bytes = file(|graph| {
        graph.message(5, |tensor| {
            tensor
                .int(1, 1)
                .int(2, 1)
                .put(8, b"w")
                .message(13, |entry| _ = entry.put(1, b"location").put(2, b"../../etc/passwd"))
                .int(14, 1);
        });
    });
    assert_eq!(refusal(&bytes), "tensor \"w\" keeps its values in another file (\"../../etc/passwd\"): export the model as a single file");
}

#[test]
fn operators_that_are_unknown_or_somebodys_own_are_named() {
    let with = |domain: &str, operator: &str| refusal(&file(|graph| node(graph, domain, operator, &["x"], &["y"], &[])));
    assert!(with("com.evil", "Exec").starts_with("node \"here\": found operator com.evil.Exec"));
    assert!(with("", "Conv").starts_with("node \"here\": found operator Conv"));
    assert!(with("", "Loop").contains("control flow"));
    assert!(with("ai.onnx.ml", "SVMRegressor").contains("kernel machines"));
}

#[test]
fn a_graph_that_goes_in_circles_is_refused() {
    let bytes = file(|graph| {
        node(graph, "", "Add", &["x", "b"], &["a"], &[]);
        node(graph, "", "Identity", &["a"], &["b"], &[]);
        node(graph, "", "Identity", &["b"], &["y"], &[]);
    });
    assert!(refusal(&bytes).contains("found node \"here\" that reads \"b\""), "{}", refusal(&bytes));
    let twice = file(|graph| {
        node(graph, "", "Identity", &["x"], &["y"], &[]);
        node(graph, "", "Identity", &["x"], &["y"], &[]);
    });
    assert!(refusal(&twice).contains("\"y\", which is given twice"));
    assert!(refusal(&file(|_| {})).contains("output \"y\", which no node gives"));
}

#[test]
fn a_tree_is_walked_only_if_it_is_one() {
    let good = tree(&[Some((1, 2)), None, Some((3, 4)), None, None], 1);
    let model = Model::load(&good, &signature(Task::Regression)).unwrap();
    let rows =
        Columns::new().with("distance", Column::Numbers(&[9.0, 9.0])).unwrap().with("load", Column::Numbers(&[0.0, f64::NAN])).unwrap();
    // Missing values take the false branch twice.
    assert_eq!(model.score(&rows).unwrap(), crate::Predictions::Values(vec![1.0, 4.0]));
    for (branches, fault) in [
        (&[Some((1, 2)), Some((0, 2)), None][..], "a tree whose branches lead in a circle"),
        (&[Some((1, 4)), Some((2, 4)), Some((3, 4)), Some((1, 4)), None], "a tree whose branches lead in a circle"),
        (&[Some((1, 1)), Some((1, 1))], "a tree whose branches lead in a circle"),
        (&[Some((0, 1)), None], "a tree whose branches lead in a circle"),
        (&[Some((1, 7)), None], "a branch to node 7 of tree 0"),
    ] {
        assert!(refusal(&tree(branches, 0)).contains(fault), "{}", refusal(&tree(branches, 0)));
    }
    assert!(refusal(&tree(&[Some((1, 2)), None, None], 2)).contains("found 2 columns, expected at least 3"));
    // Branches may meet again, even so that there are 2²⁰ ways.
    let diamonds =
        (0..60).map(|place| if place % 3 == 0 { Some((place + 1, place + 2)) } else { Some((place / 3 * 3 + 3, place / 3 * 3 + 3)) });
    assert!(Model::load(&tree(&diamonds.chain([None]).collect::<Vec<_>>(), 0), &signature(Task::Regression)).is_ok());
}

#[test]
fn a_small_file_cannot_ask_for_much_memory_or_time() {
    let grown = file(|graph| {
        graph.message(5, |shape| _ = shape.int(1, 2).int(2, 7).int(7, 4096).int(7, 4096).put(8, b"shape"));
        node(graph, "", "ConstantOfShape", &["shape"], &["c0"], &[]);
        let names = (0..64).map(|place| format!("c{place}")).collect::<Vec<_>>();
        for pair in names.windows(2) {
            node(graph, "", "MatMul", &[&pair[0], &pair[0]], &[&pair[1]], &[]);
        }
        node(graph, "", "ReduceSum", &["c63"], &["y"], &[]);
    });
    let refusal = refusal(&grown);
    assert!(refusal.contains("computes without end") || refusal.contains("values held at a time"), "{refusal}");
}

#[test]
fn inputs_and_outputs_must_fit_the_contract() {
    let mut three = Writer::default();
    three.message(7, |graph| {
        node(graph, "", "ReduceSum", &["x"], &["y"], &[]);
        value(graph, 11, "x", 1, &[0, 3]);
        value(graph, 12, "y", 1, &[0, 1]);
    });
    three.message(8, |set| _ = set.put(1, b"").int(2, 15));
    assert_eq!(refusal(&three.finish()), "the model's inputs: found 3 columns, expected 2 columns (distance, load)");

    let mut named = Writer::default();
    named.message(7, |graph| {
        node(graph, "", "Add", &["distance", "altitude"], &["y"], &[]);
        value(graph, 11, "distance", 1, &[0, 1]);
        value(graph, 11, "altitude", 1, &[0, 1]);
        value(graph, 12, "y", 1, &[0, 1]);
    });
    named.message(8, |set| _ = set.put(1, b"").int(2, 15));
    assert_eq!(
        refusal(&named.finish()),
        "the model's inputs: found \"altitude\", expected the name of a feature of the contract: distance, load"
    );

    let mut text = Writer::default();
    text.message(7, |graph| {
        node(graph, "", "Identity", &["load"], &["y"], &[]);
        value(graph, 11, "load", 8, &[0, 1]);
        value(graph, 12, "y", 8, &[0, 1]);
    });
    text.message(8, |set| _ = set.put(1, b"").int(2, 15));
    let error = Model::load(&text.finish(), &signature(Task::Multiclass)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model's inputs: found input \"load\" of text, expected numbers, since the contract has \"load\" as numeric"
    );

    let number = file(|graph| node(graph, "", "ReduceSum", &["x"], &["y"], &[]));
    assert!(
        matches!(Model::load(&number, &signature(Task::Regression)), Err(ScoringError::Outputs(_))),
        "a sum over all rows is no answer for each"
    );
}

#[test]
fn a_model_says_which_column_it_misses() {
    let model = Model::load(&tree(&[Some((1, 2)), None, None], 1), &signature(Task::Regression)).unwrap();
    let rows = Columns::new().with("distance", Column::Numbers(&[1.0])).unwrap();
    assert_eq!(
        model.score(&rows).unwrap_err().to_string(),
        "column \"load\": found no such column, expected one: the model reads \"load\""
    );
    assert!(Columns::new().with("a", Column::Numbers(&[1.0])).unwrap().with("b", Column::Numbers(&[])).is_err());
}
