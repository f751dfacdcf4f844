//! A project: activities, what they need, what must precede what.

/// Activities with durations, needs of renewable resources, and successors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Time units each activity takes without a break.
    pub durations: Vec<u32>,
    /// What each activity needs of each resource while it runs.
    pub needs: Vec<Vec<u32>>,
    /// How much there is of each resource at any time.
    pub capacity: Vec<u32>,
    /// What may start only after each activity has finished.
    pub successors: Vec<Vec<usize>>,
}

/// Why a project cannot be scheduled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProjectError {
    /// An activity needs more than there is.
    #[error("activity {0} needs more of a resource than there is")]
    TooMuch(usize),
    /// Activities wait for each other in a circle.
    #[error("activity {0} waits for itself")]
    Cycle(usize),
    /// The lists do not have one entry for each activity, or name one that does not exist.
    #[error("the project's lists do not fit together")]
    Shape,
    /// More than 16 resources, or an amount above 32,767.
    #[error("more than 16 resources, or more than 32767 of one")]
    Size,
}

impl Project {
    /// Number of activities.
    pub fn len(&self) -> usize {
        self.durations.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.durations.is_empty()
    }

    /// Checks that the project can be scheduled at all.
    ///
    /// # Errors
    /// Names the first activity that is wrong.
    pub fn validate(&self) -> Result<(), ProjectError> {
        let count = self.len();
        let shape = self.needs.len() == count
            && self.successors.len() == count
            && self.needs.iter().all(|needs| needs.len() == self.capacity.len());
        if !shape || self.successors.iter().flatten().any(|successor| *successor >= count) {
            return Err(ProjectError::Shape);
        }
        if self.capacity.len() > 16 || self.capacity.iter().any(|amount| *amount > 0x7fff) {
            return Err(ProjectError::Size);
        }
        let too_much = |needs: &Vec<u32>| needs.iter().zip(&self.capacity).any(|(need, amount)| need > amount);
        if let Some(activity) = self.needs.iter().position(too_much) {
            return Err(ProjectError::TooMuch(activity));
        }
        let order = self.topological();
        let reached: std::collections::BTreeSet<usize> = order.iter().copied().collect();
        (0..count).find(|activity| !reached.contains(activity)).map_or(Ok(()), |activity| Err(ProjectError::Cycle(activity)))
    }

    /// Activities after everything that precedes them; those on circles are left out.
    pub fn topological(&self) -> Vec<usize> {
        let mut waiting = vec![0; self.len()];
        self.successors.iter().flatten().for_each(|successor| waiting[*successor] += 1);
        let mut order: Vec<usize> = (0..self.len()).filter(|activity| waiting[*activity] == 0).collect();
        let mut next = 0;
        while next < order.len() {
            for successor in &self.successors[order[next]] {
                waiting[*successor] -= 1;
                if waiting[*successor] == 0 {
                    order.push(*successor);
                }
            }
            next += 1;
        }
        order
    }

    /// Length of the longest chain, resources ignored: no schedule is shorter.
    pub fn critical_path(&self) -> u32 {
        let mut earliest = vec![0; self.len()];
        let mut longest = 0;
        for activity in self.topological() {
            let finish = earliest[activity] + self.durations[activity];
            longest = longest.max(finish);
            self.successors[activity].iter().for_each(|successor| earliest[*successor] = earliest[*successor].max(finish));
        }
        longest
    }

    /// What precedes each activity.
    pub(super) fn predecessors(&self) -> Vec<Vec<usize>> {
        let mut before = vec![Vec::new(); self.len()];
        for (activity, successors) in self.successors.iter().enumerate() {
            successors.iter().for_each(|successor| before[*successor].push(activity));
        }
        before
    }
}
