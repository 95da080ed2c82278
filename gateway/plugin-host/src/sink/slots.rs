//! Parts the fields of a credential by the slot that they belong to.

use super::{
    copy,
    emitted::{EmittedSlot, UncheckedField},
};
use crate::{Violation, ffi};
use plugins_abi::{Credential, HeaderFlags, Slot};
use std::mem::offset_of;

/// A sender whose struct ends before this does not know slots.
const KNOWS_SLOTS: usize = offset_of!(Credential, n_slots) + size_of::<usize>();

/// The fields for every request, and the slots other than the first.
///
/// # Safety
/// The pointers of the credential follow the header's rules.
pub(super) unsafe fn part(
    credential: &Credential,
    marked: Vec<(UncheckedField, u64)>,
) -> Result<(Vec<UncheckedField>, Vec<EmittedSlot>), Violation> {
    // In minor 0 the bits of the slot had no meaning, and a plugin may have left anything in them.
    if (credential.struct_size as usize) < KNOWS_SLOTS {
        return Ok((
            marked.into_iter().map(|(field, _)| field).collect(),
            Vec::new(),
        ));
    }
    // SAFETY: by this function's contract.
    let mut slots = unsafe { said(credential) }?;
    let mut plain = Vec::new();
    for (field, flags) in marked {
        match HeaderFlags::place_of_slot(flags) {
            0 => plain.push(field),
            place => of_place(&mut slots, place).fields.push(field),
        }
    }
    Ok((plain, slots))
}

/// What the plugin says about each slot.
///
/// # Safety
/// As for [`part`].
unsafe fn said(credential: &Credential) -> Result<Vec<EmittedSlot>, Violation> {
    let max = HeaderFlags::MAX_SLOTS;
    // SAFETY: by this function's contract.
    let said = unsafe { ffi::array(credential.slots, credential.n_slots, max, "slots") }?;
    let copy = |slot: &Slot| {
        let failure = if slot.failure.is_null() {
            None
        } else {
            // SAFETY: by this function's contract.
            Some(unsafe { copy::failure(slot.failure) }?)
        };
        Ok(EmittedSlot {
            place: slot.slot,
            fields: Vec::new(),
            ttl_ms: slot.ttl_ms,
            failure,
        })
    };
    said.iter().map(copy).collect()
}

/// The slot at that place; a new one if the plugin said nothing about it.
fn of_place(slots: &mut Vec<EmittedSlot>, place: u32) -> &mut EmittedSlot {
    let known = slots.iter().position(|slot| slot.place == place);
    let at = known.unwrap_or_else(|| {
        slots.push(EmittedSlot {
            place,
            ..EmittedSlot::default()
        });
        slots.len() - 1
    });
    &mut slots[at]
}
