//! One measurement.

/// One thing to measure: a call of it is one iteration.
pub struct Case {
    /// For people, and the key in the baseline.
    pub name: String,
    /// Does it once.
    pub run: Box<dyn FnMut()>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

/// Makes a case when it is wanted: some take long to prepare.
pub type CaseMaker = Box<dyn Fn() -> Case>;
