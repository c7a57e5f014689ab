//! What is there before the first step.

use serde_json::{Value, json};

use super::super::{files, sandbox};
use super::unknown;
use super::value::{
    any_of, environment, list, named_id, object, object_with_one, octal, or_variable, path, set,
    some_int, text,
};

pub(super) fn sandbox() -> Value {
    let of_names = |keys: &[&str], id: &str| {
        let id_alone = some_int(1, 65533);
        let named = object(keys, &[id], |key| match key {
            "uid" => some_int(1, 65533),
            "gid" => named_id(),
            "groups" => list(named_id()),
            _ => unknown(key),
        });
        json!({"type": "object", "additionalProperties": any_of(vec![id_alone, named])})
    };
    object(&sandbox::KEYS, &[], |key| match key {
        "users" => or_variable(of_names(&sandbox::USER, "uid")),
        "groups" => or_variable(of_names(&sandbox::GROUP, "gid")),
        "umask" => octal(),
        "env" => or_variable(environment()),
        _ => unknown(key),
    })
}

pub(super) fn file() -> Value {
    object_with_one(&files::KEYS, &["path"], &files::CONTENTS, |key| match key {
        "path" => path(),
        "content" | "symlink" => text(),
        "directory" | "fifo" => set(),
        "mode" => octal(),
        "owner" | "group" => named_id(),
        _ => unknown(key),
    })
}
