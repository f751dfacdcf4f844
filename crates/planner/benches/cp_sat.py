"""CP-SAT on a PSPLIB set, for comparison: python3 cp_sat.py FOLDER BEST.csv SECONDS [WORKERS]. Needs ortools."""

import csv
import pathlib
import sys
import time

import ortools
from ortools.sat.python import cp_model


def read(path):
    """Durations, needs, capacities and successors of one instance."""
    lines = path.read_text().splitlines()
    at = lambda title: next(i for i, line in enumerate(lines) if line.startswith(title))
    numbers = lambda line: [int(word) for word in line.split()]
    block = lambda start: [numbers(line) for line in lines[start : next(i for i in range(start, len(lines)) if lines[i].startswith("*"))]]
    successors = [[job - 1 for job in row[3:]] for row in block(at("PRECEDENCE") + 2)]
    requests = block(at("REQUESTS") + 3)
    return [row[2] for row in requests], [row[3:] for row in requests], numbers(lines[at("RESOURCEAVAILABILITIES") + 2]), successors


def solve(path, seconds, workers):
    """The makespan found within the time."""
    durations, needs, capacities, successors = read(path)
    model = cp_model.CpModel()
    horizon = sum(durations)
    starts = [model.new_int_var(0, horizon, "") for _ in durations]
    tasks = [model.new_fixed_size_interval_var(start, duration, "") for start, duration in zip(starts, durations)]
    for job, after in enumerate(successors):
        for other in after:
            model.add(starts[other] >= starts[job] + durations[job])
    for resource, capacity in enumerate(capacities):
        model.add_cumulative(tasks, [need[resource] for need in needs], capacity)
    model.minimize(starts[-1])
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = workers
    solver.solve(model)
    return solver.objective_value


def main():
    """Mean deviation from the critical path, and seconds an instance."""
    folder, best, seconds = pathlib.Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    workers = int(sys.argv[4]) if len(sys.argv) > 4 else 2
    over, began, prefix = [], time.time(), folder.name
    for row in csv.DictReader(open(best)):
        path = folder / f"{prefix}{row['par']}_{row['inst']}.sm"
        if path.exists():
            over.append(solve(path, seconds, workers) / int(row["cpm"]) - 1)
    print(f"B5   CP-SAT {ortools.__version__}, {seconds:g} s, {workers} workers: {100 * sum(over) / len(over):.3f} % over the critical path,")
    print(f"     {(time.time() - began) / len(over):.2f} s an instance, {len(over)} instances")


main()
