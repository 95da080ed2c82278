//! Operations by method and path: a trie of segments.

use super::{
    operation::Operation,
    template::{PathTemplate, Segment},
};
use http::Method;

/// Two operations answer to the same method and the same form of path, so that which one is meant is unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operations {first} and {second} are the same: {method} {path}")]
pub struct DuplicateOperation {
    /// The operation that came first.
    pub first: String,
    /// The one that is refused.
    pub second: String,
    /// The method of both.
    pub method: Method,
    /// The path of the second.
    pub path: String,
}

/// The operations and the trie over their paths.
#[derive(Clone, Debug, Default)]
pub(super) struct OperationTable {
    operations: Vec<Operation>,
    /// The root is the first one; a table without operations has none.
    nodes: Vec<Node>,
}

/// What may follow the segments that lead to it.
#[derive(Clone, Debug, Default)]
struct Node {
    /// Sorted by segment.
    literals: Vec<(Box<str>, usize)>,
    placeholder: Option<usize>,
    /// Of the operations whose path ends here.
    ends: Vec<(Method, usize)>,
}

impl OperationTable {
    pub(super) fn new(operations: Vec<Operation>) -> Result<Self, DuplicateOperation> {
        let mut nodes = Vec::new();
        for (index, operation) in operations.iter().enumerate() {
            let node = insert(&mut nodes, &operation.path);
            for method in &operation.methods {
                let ends = &mut nodes[node].ends;
                // Refused when the plugin is loaded, not when a request arrives that both would fit.
                if let Some((_, first)) = ends.iter().find(|(known, _)| known == method) {
                    return Err(DuplicateOperation {
                        first: operations[*first].name.to_string(),
                        second: operation.name.to_string(),
                        method: method.clone(),
                        path: operation.path.to_string(),
                    });
                }
                ends.push((method.clone(), index));
            }
        }
        Ok(Self { operations, nodes })
    }

    pub(super) fn all(&self) -> &[Operation] {
        &self.operations
    }

    /// The place of an operation in [`all`](Self::all).
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<usize> {
        let path = path.strip_prefix('/')?;
        // Servers take a slash at the end for the same resource.
        let path = path.strip_suffix('/').unwrap_or(path);
        self.walk(0, Some(path), method)
    }

    /// The operation at the end of `path`, which is `None` when no segment is left. Each node is visited at
    /// most once, and a template's length bounds the depth.
    fn walk(&self, node: usize, path: Option<&str>, method: &Method) -> Option<usize> {
        let node = self.nodes.get(node)?;
        let Some(path) = path else {
            let (_, index) = node.ends.iter().find(|(known, _)| known == method)?;
            return Some(*index);
        };
        let (segment, remainder) = match path.split_once('/') {
            Some((segment, remainder)) => (segment, Some(remainder)),
            None => (path, None),
        };
        // The literal first: `/pickup/countries` is no pickup called "countries".
        let by_literal = node.literal(segment);
        by_literal
            .and_then(|next| self.walk(next, remainder, method))
            .or_else(|| {
                // An empty segment fills no placeholder: `//` is no value.
                let next = node.placeholder.filter(|_| !segment.is_empty())?;
                self.walk(next, remainder, method)
            })
    }
}

impl Node {
    fn literal(&self, segment: &str) -> Option<usize> {
        // A linear search: an escape cannot be looked up by order, and few paths have one.
        if segment.contains('%') {
            let same = |literal: &str| decoded(segment).eq(literal.bytes());
            return self
                .literals
                .iter()
                .find_map(|(literal, next)| same(literal).then_some(*next));
        }
        let literals = &self.literals;
        let at = literals.binary_search_by(|(literal, _)| (**literal).cmp(segment));
        at.ok().map(|at| literals[at].1)
    }
}

/// Adds the nodes of a path and returns the last one.
fn insert(nodes: &mut Vec<Node>, path: &PathTemplate) -> usize {
    if nodes.is_empty() {
        nodes.push(Node::default());
    }
    let mut at = 0;
    for segment in path.segments() {
        let new = nodes.len();
        let node = &mut nodes[at];
        at = match segment {
            Segment::Placeholder(_) => *node.placeholder.get_or_insert(new),
            Segment::Literal(text) => {
                match node.literals.binary_search_by(|(known, _)| known.cmp(text)) {
                    Ok(known) => node.literals[known].1,
                    Err(place) => {
                        node.literals.insert(place, (text.clone(), new));
                        new
                    }
                }
            }
        };
        // A new node only when the segment led to none that exists.
        if at == new {
            nodes.push(Node::default());
        }
    }
    at
}

/// The bytes of a segment with its escapes decoded once; what is no escape stays.
fn decoded(segment: &str) -> impl Iterator<Item = u8> {
    let mut left = segment.as_bytes();
    std::iter::from_fn(move || {
        let (byte, width) = super::normal::unescape(left)?;
        left = &left[width..];
        Some(byte)
    })
}
