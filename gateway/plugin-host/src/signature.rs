//! The signature beside a plugin file, as minisign makes it.

use crate::{FileError, discover};
use gateway_model::{SignatureMismatch, TrustedKey};
use minisign_verify::Signature;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Why a signature beside a plugin file does not count, although its key might.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The signature file cannot be used.
    #[error("its signature {0} cannot be used: {1}")]
    File(PathBuf, FileError),
    /// The file is not what minisign writes.
    #[error(
        "its signature {0} is not one of minisign: sign the file again with `minisign -S -m FILE`, or \
         remove the signature"
    )]
    Malformed(PathBuf),
    /// A trusted key made it for another content.
    #[error(
        "its signature {0} is for another content: restore the file, or sign it again after checking \
         where it came from"
    )]
    OtherContent(PathBuf),
}

/// The trusted key that signed the content; `None` if there is no signature by any of them.
pub(crate) fn signer<'k>(
    file: &Path,
    content: &[u8],
    keys: &'k [TrustedKey],
) -> Result<Option<&'k TrustedKey>, SignatureError> {
    // Without keys no signature can count, so a damaged one harms nothing.
    if keys.is_empty() {
        return Ok(None);
    }
    let mut path = file.to_owned();
    path.as_mut_os_string().push(".minisig");
    // Of the link itself: a link to nowhere is no missing signature.
    if let Err(error) = fs::symlink_metadata(&path)
        && error.kind() == io::ErrorKind::NotFound
    {
        return Ok(None);
    }
    let bytes = discover::read(&path).map_err(|why| SignatureError::File(path.clone(), why))?;
    let signature = str::from_utf8(&bytes).map(Signature::decode);
    let Ok(Ok(signature)) = signature else {
        return Err(SignatureError::Malformed(path));
    };
    for key in keys {
        match key.verify(content, &signature) {
            Ok(()) => return Ok(Some(key)),
            Err(SignatureMismatch::OtherKey) => {}
            // Refused and not ignored: the file is not what the holder of the key released.
            Err(SignatureMismatch::OtherContent) => {
                return Err(SignatureError::OtherContent(path));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// Made by minisign 0.11, whose secret key is gone.
    const KEY: &str = "RWRIvVuhlC267INl6gfiwLmxNKkJvtrLZdQl+sUv+uQnEmVXvhj/JeW2";
    const PREHASHED: &str = "untrusted comment: signature from minisign secret key
RURIvVuhlC267K4vEqdm/2Y+BIMry2A9i9Nzsm8xK5f0/PQqYDK6ByW6CIWsKQIrQrxdDV5Ea8+KUp20VItK2oQvGrg2FX+qEw4=
trusted comment: ups 0.1.0
0cstwSGIkPmUlQP+XgvJarsJt2aEB/zgFYBRxmoAtDxil/Y+fE+ePhRnmxAXAHnIjPpSoIexsobUgHK20y5/AA==
";
    const LEGACY: &str = "untrusted comment: signature from minisign secret key
RWRIvVuhlC267A6fSxoBJmsJUlERGgiPmN6Dumxv3SIONsPEqBcYajzIB2ZWrwCXiT7ODlfV09FA0j3JdTLIgI7hz4TM/gerOw0=
trusted comment: timestamp:1795960496\tfile:ups-0.1.0.json
fnuaSEDjlhPQr7d20Lioo6/+uKzliQp5K6VofgDDWjR+dfpPOjoSUiOgF74oI5M2IBzmLlOOp31R2kqXZYKqBQ==
";
    const CONTENT: &[u8] = include_bytes!("../tests/museum/ups-0.1.0.json");

    #[test]
    fn signatures_of_minisign_itself_hold_for_their_content_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ups.so");
        let keys = [KEY.parse().expect("minisign's own text")];
        assert_eq!(
            signer(&file, CONTENT, &keys),
            Ok(None),
            "there is no signature"
        );
        for signature in [PREHASHED, LEGACY] {
            let path = folder.path().join("ups.so.minisig");
            fs::write(&path, signature).expect("the folder is ours");
            let private = fs::Permissions::from_mode(0o600);
            fs::set_permissions(&path, private).expect("the file is ours");
            assert_eq!(signer(&file, CONTENT, &keys), Ok(Some(&keys[0])));
            let other = signer(&file, &CONTENT[1..], &keys);
            assert_eq!(other, Err(SignatureError::OtherContent(path)));
        }
    }
}
