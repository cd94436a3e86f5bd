//! Passwords: argon2id, computed beside the tasks that serve, a few at a time.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::personal::Personal;

/// Characters that a password has at least.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// A longer one is refused: hashing is not free.
pub const PASSWORD_CHARS_MAX: usize = 256;

/// Each computation takes 19 MiB and a core.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// For users that do not exist: the same work, so that the time tells nothing.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password").unwrap_or_default());

/// The password could not be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("a password has at least {PASSWORD_CHARS_MIN} characters")]
    TooShort,
    /// Too long.
    #[error("a password has at most {PASSWORD_CHARS_MAX} characters")]
    TooLong,
    /// The hash function failed.
    #[error("the password could not be hashed")]
    Hash,
}

fn hash_now(password: &str) -> Result<String, PasswordError> {
    Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|_| PasswordError::Hash)
}

/// The hash to keep.
///
/// # Errors
/// When the password is too short or too long.
pub async fn hash(password: String) -> Result<Personal<String>, PasswordError> {
    match password.chars().count() {
        n if n < PASSWORD_CHARS_MIN => return Err(PasswordError::TooShort),
        n if n > PASSWORD_CHARS_MAX => return Err(PasswordError::TooLong),
        _ => {}
    }
    let _permit = AT_ONCE.acquire().await.map_err(|_| PasswordError::Hash)?;
    let hashed = tokio::task::spawn_blocking(move || hash_now(&password)).await.map_err(|_| PasswordError::Hash)??;
    Ok(hashed.into())
}

/// Whether the password is the one that was hashed. Without a hash, after the same time, it is not.
pub async fn is_right(password: String, hash: Option<Personal<String>>) -> bool {
    if password.chars().count() > PASSWORD_CHARS_MAX {
        return false;
    }
    let Ok(_permit) = AT_ONCE.acquire().await else { return false };
    let check = move || {
        let exists = hash.is_some();
        let hash = hash.map_or_else(|| NOBODY.clone(), Personal::into_revealed);
        let right = PasswordHash::new(&hash).is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
        right && exists
    };
    tokio::task::spawn_blocking(check).await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_right_or_not() {
        let hashed = hash("correct horse battery".to_owned()).await.unwrap();
        assert!(hashed.reveal().starts_with("$argon2id$"));
        assert!(is_right("correct horse battery".to_owned(), Some(hashed.clone())).await);
        assert!(!is_right("correct horse batterz".to_owned(), Some(hashed)).await);
        assert!(!is_right("nobody has this password".to_owned(), None).await);
        assert_eq!(hash("short".to_owned()).await, Err(PasswordError::TooShort));
    }
}
