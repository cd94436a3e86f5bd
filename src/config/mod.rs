//! The config file, one small struct a concern, parsed once into typed values.

mod file;
mod settings;

pub use file::{ConfigError, load, parse};
pub use settings::{
    Browser, Config, Creditor, KeysBy, Log, Metrics, Office, Pbx, Queues, Recording, Sip, SipDialBy, SipTransport, Srtp, StoreSettings, Web,
};
