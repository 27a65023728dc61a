//! The part of pickle's machine that describes data: a stack, a memo, and values in one list.
//!
//! A pickle is a program. Every value that it makes is one entry of a list and refers to others by their number, so sharing
//! costs nothing, nothing is nested in memory, and the list is at most as long as the program. What a program would import
//! is looked up in a list of names ([`Known::find`]); any other name ends the reading before anything else happens.

use std::collections::HashMap;
use std::ops::Range;

use super::super::formats::Format;
use super::pickle::PickleError;
use super::storage;

/// The number of a value.
pub(super) type Id = usize;

/// A value.
#[derive(Debug)]
pub(super) enum Node {
    /// None, a number with a fraction, a set of settings: nothing that describes a tensor.
    Other,
    Int(i64),
    /// Where the text stands in the pickle.
    Text(Range<usize>),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Known(Known),
    Storage {
        format: Format,
        key: Range<usize>,
        /// Values.
        length: i64,
    },
    Tensor {
        storage: Id,
        offset: i64,
        shape: Id,
        strides: Id,
    },
}

/// A name that a pickle may import.
#[derive(Clone, Debug)]
pub(super) enum Known {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Size,
    Storage(Format),
}

impl Known {
    fn find(module: &str, name: &str) -> Option<Self> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Self::RebuildParameter),
            ("torch", "Size") => Some(Self::Size),
            ("torch", class) => storage(class).map(Self::Storage),
            _ => None,
        }
    }
}

/// The machine, over the bytes of a pickle.
pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

type Done = Result<(), PickleError>;

impl<'a> Machine<'a> {
    /// Runs a pickle to its end.
    ///
    /// # Errors
    /// If it imports anything that is not known, has an instruction that describes no data, or is cut off.
    pub fn run(bytes: &'a [u8]) -> Result<(Self, Id), PickleError> {
        let (nodes, stack, marks, memo) = (Vec::new(), Vec::new(), Vec::new(), HashMap::new());
        let mut machine = Self { bytes, at: 0, nodes, stack, marks, memo };
        loop {
            let instruction = machine.number(1)? as u8;
            if instruction == b'.' {
                let result = machine.pop()?;
                return Ok((machine, result));
            }
            machine.step(instruction)?;
        }
    }

    /// A value by its number.
    pub fn node(&self, id: Id) -> &Node {
        self.nodes.get(id).unwrap_or(&Node::Other)
    }

    /// The text of a value, if it is one.
    pub fn text(&self, range: &Range<usize>) -> &'a str {
        self.bytes.get(range.clone()).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn step(&mut self, instruction: u8) -> Done {
        match instruction {
            // PROTO, FRAME: a version and a length that say nothing new.
            0x80 => self.number(1).map(drop),
            0x95 => self.number(8).map(drop),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(drop),
            b'1' => self.since_mark().map(drop),
            b'2' => self.top().map(|id| self.stack.push(id)),
            b'N' | 0x88 | 0x89 => self.push(Node::Other),
            b'G' => {
                self.take(8)?;
                self.push(Node::Other)
            }
            b'K' => self.integer(1),
            b'M' => self.integer(2),
            b'J' => {
                let value = self.number(4)? as u32 as i32;
                self.push(Node::Int(value.into()))
            }
            0x8A => self.long(),
            b'X' => self.string(4),
            0x8C => self.string(1),
            0x8D => self.string(8),
            b'}' => self.push(Node::Dict(Vec::new())),
            b']' => self.push(Node::List(Vec::new())),
            b')' => self.push(Node::Tuple(Vec::new())),
            0x85..=0x87 => {
                let from = self.stack.len().checked_sub(usize::from(instruction - 0x84));
                let items = self.stack.split_off(from.ok_or(PickleError::Short)?);
                self.push(Node::Tuple(items))
            }
            b't' => {
                let items = self.since_mark()?;
                self.push(Node::Tuple(items))
            }
            b'a' | b'e' | b's' | b'u' | b'b' => self.fill(instruction),
            b'q' => self.keep(1),
            b'r' => self.keep(4),
            0x94 => {
                let (place, id) = (self.memo.len() as u32, self.top()?);
                self.memo.insert(place, id);
                Ok(())
            }
            b'h' => self.fetch(1),
            b'j' => self.fetch(4),
            b'c' | b'i' => self.import(instruction),
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.node(module), self.node(name)) {
                    (Node::Text(module), Node::Text(name)) => {
                        let (module, name) = (self.text(module), self.text(name));
                        self.known(module, name)
                    }
                    _ => Err(PickleError::Wrong("STACK_GLOBAL")),
                }
            }
            b'Q' => self.persistent(),
            b'R' => self.call(),
            other => Err(PickleError::Instruction(other)),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], PickleError> {
        let end = self.at.checked_add(length).ok_or(PickleError::Short)?;
        let bytes = self.bytes.get(self.at..end).ok_or(PickleError::Short)?;
        self.at = end;
        Ok(bytes)
    }

    /// A number of 1 to 8 bytes, the lowest first.
    fn number(&mut self, bytes: usize) -> Result<u64, PickleError> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn integer(&mut self, bytes: usize) -> Done {
        let value = self.number(bytes)? as i64;
        self.push(Node::Int(value))
    }

    /// A signed number of as many bytes as the next byte says.
    fn long(&mut self) -> Done {
        let length = self.number(1)? as usize;
        if length > 8 {
            return Err(PickleError::Wrong("LONG1"));
        }
        let unused = 64 - 8 * length as u32;
        let value = self.number(length)?;
        self.push(Node::Int(if length == 0 { 0 } else { (value << unused) as i64 >> unused }))
    }

    fn string(&mut self, bytes: usize) -> Done {
        let length = usize::try_from(self.number(bytes)?).map_err(|_| PickleError::Short)?;
        let start = self.at;
        self.take(length)?;
        self.push(Node::Text(start..self.at))
    }

    fn line(&mut self) -> Result<&'a str, PickleError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or(PickleError::Short)?;
        let line = std::str::from_utf8(self.take(length)?).map_err(|_| PickleError::Wrong("GLOBAL"))?;
        self.at += 1;
        Ok(line)
    }

    fn push(&mut self, node: Node) -> Done {
        self.stack.push(self.nodes.len());
        self.nodes.push(node);
        Ok(())
    }

    /// The lowest place of the stack that belongs to what comes after the last mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Id, PickleError> {
        if self.stack.len() <= self.floor() {
            return Err(PickleError::Short);
        }
        self.stack.pop().ok_or(PickleError::Short)
    }

    fn top(&self) -> Result<Id, PickleError> {
        self.stack.last().copied().filter(|_| self.stack.len() > self.floor()).ok_or(PickleError::Short)
    }

    fn since_mark(&mut self) -> Result<Vec<Id>, PickleError> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len()).ok_or(PickleError::Short)?;
        Ok(self.stack.split_off(mark))
    }

    /// APPEND, APPENDS, SETITEM, SETITEMS, BUILD: puts values into the one below them.
    fn fill(&mut self, instruction: u8) -> Done {
        let items = match instruction {
            b'e' | b'u' => self.since_mark()?,
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                vec![key, value]
            }
            _ => vec![self.pop()?],
        };
        let target = self.top()?;
        match (self.nodes.get_mut(target), instruction) {
            (Some(Node::List(list)), b'a' | b'e') => list.extend(items),
            (Some(Node::Dict(dict)), b's' | b'u') if items.len().is_multiple_of(2) => {
                dict.extend(items.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?))));
            }
            // What a module's dictionary says besides (`_metadata`) describes no tensor.
            (Some(Node::Dict(_)), b'b') => {}
            _ => return Err(PickleError::Instruction(instruction)),
        }
        Ok(())
    }

    fn keep(&mut self, bytes: usize) -> Done {
        let (place, id) = (self.number(bytes)? as u32, self.top()?);
        self.memo.insert(place, id);
        Ok(())
    }

    fn fetch(&mut self, bytes: usize) -> Done {
        let place = self.number(bytes)? as u32;
        let id = self.memo.get(&place).copied().ok_or(PickleError::Wrong("GET"))?;
        self.stack.push(id);
        Ok(())
    }

    /// GLOBAL, and INST, which would also call what it imports.
    fn import(&mut self, instruction: u8) -> Done {
        let (module, name) = (self.line()?, self.line()?);
        if instruction == b'i' {
            return Err(PickleError::forbidden(module, name));
        }
        self.known(module, name)
    }

    fn known(&mut self, module: &str, name: &str) -> Done {
        let known = Known::find(module, name).ok_or_else(|| PickleError::forbidden(module, name))?;
        self.push(Node::Known(known))
    }

    /// BINPERSID: `("storage", class, key, place, length)`.
    fn persistent(&mut self) -> Done {
        let id = self.pop()?;
        let wrong = PickleError::Wrong("storage");
        let Node::Tuple(items) = self.node(id) else { return Err(wrong) };
        let &[kind, class, key, _, length] = items.as_slice() else { return Err(wrong) };
        let found = match (self.node(kind), self.node(class), self.node(key), self.node(length)) {
            (Node::Text(kind), Node::Known(Known::Storage(format)), Node::Text(key), Node::Int(length))
                if self.text(kind) == "storage" =>
            {
                Node::Storage { format: format.clone(), key: key.clone(), length: *length }
            }
            _ => return Err(wrong),
        };
        self.push(found)
    }

    /// REDUCE: one of the known functions, whose result is written down and not computed.
    fn call(&mut self) -> Done {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Node::Tuple(arguments) = self.node(arguments) else { return Err(PickleError::Wrong("REDUCE")) };
        let Node::Known(function) = self.node(function) else { return Err(PickleError::Wrong("REDUCE")) };
        let made = match (function, arguments.as_slice()) {
            (Known::OrderedDict, []) => Node::Dict(Vec::new()),
            (Known::RebuildTensor, &[storage, offset, shape, strides, ..]) => match self.node(offset) {
                &Node::Int(offset) => Node::Tensor { storage, offset, shape, strides },
                _ => return Err(PickleError::Wrong("_rebuild_tensor_v2")),
            },
            // Both hand on what they are given.
            (Known::RebuildParameter, &[inner, ..]) | (Known::Size, &[inner]) => {
                self.stack.push(inner);
                return Ok(());
            }
            _ => return Err(PickleError::Wrong("REDUCE")),
        };
        self.push(made)
    }
}
