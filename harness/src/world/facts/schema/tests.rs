//! What holds for every field.

use super::fields::EVENT_KINDS;
use super::*;

/// Every field name, with its docs' form, at any depth.
fn walk(fields: &[Field], visit: &mut impl FnMut(&Field)) {
    for field in fields {
        visit(field);
        if let Record(inner) | Each(inner) = field.kind {
            walk(inner, visit);
        }
    }
}

#[test]
fn names_are_kebab_case_and_unique() {
    for subject in Subject::ALL {
        let mut names: Vec<&str> = subject.fields().iter().map(|field| field.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "{subject} has a field twice");
        walk(subject.fields(), &mut |field| {
            let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(field.name.chars().all(kebab), "{}", field.name);
            assert!(!field.doc.is_empty() && !field.doc.ends_with('.'));
        });
    }
}

#[test]
fn every_field_of_an_event_is_of_some_kind_and_the_other_way_round() {
    let known: Vec<&str> = EVENT.iter().map(|field| field.name).collect();
    let told: Vec<&str> = EVENT_KINDS.into_iter().flat_map(fields_of_event).collect();
    assert!(known.iter().all(|name| told.contains(name)), "{told:?}");
    assert!(told.iter().all(|name| known.contains(name)), "{known:?}");
}

#[test]
fn a_field_is_found_by_its_path() {
    let uid = Subject::Process.kind_of("uid.saved");
    assert!(matches!(uid, Some(Uid)));
    assert!(matches!(Subject::File.kind_of("locked-by"), Some(kind) if kind.holds_pids()));
    assert!(Subject::File.kind_of("mode.x").is_none());
    assert!(Subject::File.kind_of("uid").is_none());
}
