//! Expected values with their variables filled in.

use std::collections::BTreeMap;

use crate::scenario::Scope;
use crate::scenario::matcher::Operand;
use crate::scenario::template::Unresolved;
use crate::value::Value;

/// An expected value with its variables filled in.
pub fn resolve(operand: &Operand, scope: &Scope) -> Result<Value, Unresolved> {
    Ok(match operand {
        Operand::Literal(value) => value.clone(),
        Operand::Template(template) => scope.resolve(template)?,
        Operand::List(operands) => Value::List(resolve_all(operands, scope)?),
        Operand::Map(entries) => {
            let mut map = BTreeMap::new();
            for (key, operand) in entries {
                map.insert(key.clone(), resolve(operand, scope)?);
            }
            Value::Map(map)
        }
    })
}

/// Expected values with their variables filled in.
pub fn resolve_all(operands: &[Operand], scope: &Scope) -> Result<Vec<Value>, Unresolved> {
    operands.iter().map(|o| resolve(o, scope)).collect()
}
