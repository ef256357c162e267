//! Plots: figures in, inline SVG out. Nothing here is read from colour alone: the baseline is dashed, the window filled.

pub(crate) mod axis;
pub(crate) mod bars;
pub(crate) mod beside;
pub(crate) mod canvas;
pub(crate) mod ink;
pub(crate) mod interval;
pub(crate) mod overlay;
pub(crate) mod trail;
