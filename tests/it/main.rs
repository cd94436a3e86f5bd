//! Belbrug's tests from outside, one binary. They read as call flows.

mod flows;
