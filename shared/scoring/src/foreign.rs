//! Files that are no ONNX, told by their first bytes. None of them is opened.

use crate::ScoringError;

/// What a format is called, and what to do about it.
type Foreign = (&'static str, &'static str);

const PICKLE: Foreign = ("a pickle", "a pickle is code, and running a stranger's code is not scoring: export the model to ONNX");
const ZIP: Foreign =
    ("a zip archive (as PyTorch, Keras and NumPy write)", "such an archive may carry pickles, which are code: export the model to ONNX");
const COMPRESSED: Foreign =
    ("a compressed file (as joblib writes)", "a compressed joblib file is a pickle, and a pickle is code: export the model to ONNX");
const XGBOOST: Foreign = ("a model in XGBoost's own format", "export it with onnxmltools.convert_xgboost");
const LIGHTGBM: Foreign = ("a model in LightGBM's own format", "export it with onnxmltools.convert_lightgbm");
const SAFETENSORS: Foreign = ("a safetensors file", "it has weights and no computation: export the model to ONNX");
const HDF5: Foreign = ("an HDF5 file (as Keras writes)", "export the model to ONNX with tf2onnx");
const TFLITE: Foreign = ("a TensorFlow Lite model", "export the model to ONNX with tf2onnx");
const CATBOOST: Foreign = ("a model in CatBoost's own format", "save it with save_model(…, format=\"onnx\")");
const GGUF: Foreign = ("a GGUF file", "language models are not scored here");
const TEXT: Foreign = ("a text file", "expected the bytes that the exporter wrote");
const EMPTY: Foreign = ("an empty file", "the upload may have failed");

/// Refuses what is known to be something else.
pub(crate) fn refuse(bytes: &[u8]) -> Result<(), ScoringError> {
    match recognise(bytes) {
        Some((found, advice)) => Err(ScoringError::Foreign { found, advice }),
        None => Ok(()),
    }
}

fn recognise(bytes: &[u8]) -> Option<Foreign> {
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    if bytes.is_empty() {
        return Some(EMPTY);
    }
    // Protocol 2 and later begin with 0x80 and the protocol; no ONNX file does, since 0x80 0x02 would be field 32.
    if matches!(bytes, [0x80, 2..=5, ..]) || (begins(b"(") && bytes.ends_with(b".")) || begins(b"ccopy_reg\n") {
        return Some(PICKLE);
    }
    if begins(b"PK\x03\x04") {
        return Some(ZIP);
    }
    if begins(&[0x1f, 0x8b])
        || begins(b"BZh")
        || begins(&[0xfd, b'7', b'z', b'X', b'Z'])
        || begins(&[0x04, 0x22, 0x4d, 0x18])
        || begins(b"\x78\x9c")
    {
        return Some(COMPRESSED);
    }
    if begins(b"binf") || begins(b"bs64") || begins(b"{L\0\0\0\0\0\0\0\x07learner") || begins(b"{\"learner\"") {
        return Some(XGBOOST);
    }
    if begins(b"tree\nversion=") {
        return Some(LIGHTGBM);
    }
    if matches!(bytes, [_, _, _, _, _, 0, 0, 0, b'{', b'"', ..]) {
        return Some(SAFETENSORS);
    }
    if begins(b"\x89HDF\r\n\x1a\n") {
        return Some(HDF5);
    }
    if bytes.get(4..8) == Some(b"TFL3") {
        return Some(TFLITE);
    }
    if begins(b"CBM1") {
        return Some(CATBOOST);
    }
    if begins(b"GGUF") {
        return Some(GGUF);
    }
    let start = bytes.get(..bytes.len().min(64)).unwrap_or_default();
    start.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)).then_some(TEXT)
}
