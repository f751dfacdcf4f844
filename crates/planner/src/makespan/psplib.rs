//! The text format of PSPLIB's single-mode instances (`.sm`; Kolisch and Sprecher 1997).

use super::Project;

/// What is wrong with the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A section is missing.
    #[error("the section `{0}` is missing")]
    Section(&'static str),
    /// A line is not as it should be.
    #[error("cannot read the line `{0}`")]
    Line(String),
    /// The parts do not make a project.
    #[error(transparent)]
    Project(#[from] super::ProjectError),
}

/// Reads one instance.
///
/// # Errors
/// When a section is missing, a line is malformed, or the project cannot be scheduled.
pub fn parse(text: &str) -> Result<Project, ParseError> {
    let mut project = Project { durations: Vec::new(), needs: Vec::new(), capacity: Vec::new(), successors: Vec::new() };
    for line in section(text, "PRECEDENCE RELATIONS:")?.skip(1).take_while(|line| !line.starts_with('*')) {
        let numbers = numbers(line)?;
        let successors = numbers.get(3..).ok_or_else(|| ParseError::Line(line.to_owned()))?;
        project.successors.push(successors.iter().map(|job| *job as usize - 1).collect());
    }
    for line in section(text, "REQUESTS/DURATIONS:")?.skip(2).take_while(|line| !line.starts_with('*')) {
        let numbers = numbers(line)?;
        let [_, _, duration, needs @ ..] = &numbers[..] else { return Err(ParseError::Line(line.to_owned())) };
        project.durations.push(*duration);
        project.needs.push(needs.to_vec());
    }
    let capacities = section(text, "RESOURCEAVAILABILITIES:")?.nth(1).ok_or(ParseError::Section("RESOURCEAVAILABILITIES:"))?;
    project.capacity = numbers(capacities)?;
    project.validate()?;
    Ok(project)
}

fn section<'a>(text: &'a str, title: &'static str) -> Result<impl Iterator<Item = &'a str>, ParseError> {
    let mut lines = text.lines();
    lines.by_ref().find(|line| line.starts_with(title)).ok_or(ParseError::Section(title))?;
    Ok(lines)
}

fn numbers(line: &str) -> Result<Vec<u32>, ParseError> {
    let numbers: Result<Vec<u32>, _> = line.split_whitespace().map(str::parse).collect();
    numbers.map_err(|_| ParseError::Line(line.to_owned()))
}
