//! SIP as others write it.

mod torture;
