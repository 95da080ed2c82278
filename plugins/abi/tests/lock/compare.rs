//! What may happen to a lock: growth at the ends, with a new minor.

use std::collections::BTreeMap;

/// Whether `new` is `old` with additions that old plugins and old gateways do not notice.
pub(crate) fn growth(old: &str, new: &str) -> Result<(), String> {
    if old == new {
        return Ok(());
    }
    let (old_version, old_lines) = split(old)?;
    let (new_version, new_lines) = split(new)?;
    if old_version.0 != new_version.0 || new_version.1 <= old_version.1 {
        return Err(format!(
            "an addition needs a new minor: {old_version:?} to {new_version:?}"
        ));
    }
    for (name, old_number) in &old_lines {
        let new_number = new_lines
            .get(name)
            .ok_or_else(|| format!("{name} is gone"))?;
        let may_grow = name.strip_prefix("size ").is_some_and(grows);
        let fits = if may_grow {
            new_number >= old_number
        } else {
            new_number == old_number
        };
        if !fits {
            return Err(format!("{name} was {old_number}, is {new_number}"));
        }
    }
    for (name, number) in &new_lines {
        let Some((owner, _)) = name
            .strip_prefix("offset ")
            .and_then(|name| name.split_once('.'))
        else {
            continue;
        };
        let old_size = old_lines.get(&format!("size {owner}"));
        if !old_lines.contains_key(name) && old_size.is_some_and(|size| number < size) {
            return Err(format!("{name} is not behind the end"));
        }
    }
    Ok(())
}

/// Elements of arrays cannot grow.
fn grows(owner: &str) -> bool {
    !["waybill_bytes", "waybill_header", "waybill_slot"].contains(&owner)
}

type Lines = BTreeMap<String, u64>;

fn split(lock: &str) -> Result<((u32, u32), Lines), String> {
    let (first, rest) = lock.split_once('\n').ok_or("an empty lock")?;
    let version = first
        .strip_prefix("abi ")
        .and_then(|text| text.split_once('.'));
    let (major, minor) = version.ok_or("no version in the first line")?;
    let number = |text: &str| text.parse().map_err(|_| format!("{text} is no number"));
    let mut lines = Lines::new();
    for line in rest.lines() {
        let (name, value) = line
            .rsplit_once(' ')
            .ok_or_else(|| format!("cannot read {line}"))?;
        let value = value.parse().map_err(|_| format!("cannot read {line}"))?;
        lines.insert(name.to_owned(), value);
    }
    Ok(((number(major)?, number(minor)?), lines))
}

const OLD: &str =
    "abi 1.0\nconst A 1\nsize waybill_bytes 16\nsize s 16\noffset s.a 0\noffset s.b 8\n";

#[test]
fn growth_at_the_end_with_a_new_minor_is_allowed() {
    let new =
        OLD.replace("1.0", "1.1").replace("size s 16", "size s 24") + "offset s.c 16\nconst B 2\n";
    growth(OLD, &new).unwrap();
    growth(OLD, OLD).unwrap();
}

#[test]
fn growth_without_a_new_minor_is_refused() {
    assert!(
        growth(OLD, &(OLD.to_owned() + "const B 2\n"))
            .unwrap_err()
            .contains("minor")
    );
}

#[test]
fn change_of_any_line_is_refused() {
    let newer = OLD.replace("1.0", "1.1");
    for (from, to, why) in [
        ("const A 1\n", "", "const A is gone"),
        ("const A 1", "const A 2", "const A was 1"),
        ("offset s.b 8", "offset s.b 4", "offset s.b was 8"),
        ("offset s.b 8", "offset s.x 8", "offset s.b is gone"),
        ("size s 16", "size s 8", "size s was 16"),
        (
            "size waybill_bytes 16",
            "size waybill_bytes 24",
            "size waybill_bytes was 16",
        ),
        (
            "offset s.b 8",
            "offset s.b 8\noffset s.c 12",
            "not behind the end",
        ),
        ("abi 1.1", "abi 2.0", "minor"),
    ] {
        let error = growth(OLD, &newer.replace(from, to)).unwrap_err();
        assert!(error.contains(why), "{to}: {error}");
    }
}
