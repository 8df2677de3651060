"""Runs a workload: starts and checks its contenders, loads them in turns, checks them again and stops them."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from bench.contenders import Running, Setup, start_contender
from bench.load import Load, LoadError, Round, run_load
from bench.process import Process, StartError
from bench.results import Outcome, Result
from bench.transfers import find_wrong_transfers
from bench.workload import Workload

WARM_SECONDS = 1


def print_progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Comparison:
    """A workload, and the setup that it runs in."""

    def __init__(self, workload: Workload, setup: Setup, load: Load) -> None:
        self._work = workload
        self._setup = setup
        seconds = max(1, load.seconds // workload.slices)
        self._load = replace(load, connections=workload.connections or load.connections, seconds=seconds)

    def run(self, rounds: int) -> Outcome:
        """Run all rounds of all contenders, in turns (A B C, A B C; with slices A B C, B C A, C A B)."""
        print_progress(f"{self._work.name}: {self._work.title}")
        results = [Result(one, skipped=one.lacks) for one in self._work.contenders]
        if any(one.skipped for one in results):
            for one in results:
                one.skipped = one.skipped or "what it would be compared with is lacking"
                print_progress(f"  {one.contender.name}: skipped: {one.skipped}")
            return Outcome(self._work, self._load, results)
        rounds = min(rounds, self._work.rounds or rounds) * self._work.slices
        with ExitStack() as stack:
            able = [
                (result, running)
                for result in results
                if (running := self._start(result, lambda process: stack.callback(process.stop))) is not None
            ]
            for number in range(rounds):
                first = number % len(able) if able and self._work.slices > 1 else 0
                for result, running in able[first:] + able[:first]:
                    self._run_round(result, running, f"{number + 1}/{rounds}")
            for result, running in able:
                if not result.faults and not self._work.anew:
                    result.faults += [f"after the load: {fault}" for fault in self._find_wrong_responses(running)]
        return Outcome(self._work, self._load, results)

    def _find_wrong_responses(self, running: Running) -> list[str]:
        found = running.checks.find_wrong_responses(running.port, self._setup.upstream)
        return found + (find_wrong_transfers(running.port) if self._work.large else [])

    def _start(self, result: Result, started: Callable[[Process], object]) -> Running | None:
        """Start, check and warm up a contender; one that fails is not measured, and its result says why."""
        checks = self._work.get_checks(result.contender)
        try:
            running = start_contender(result.contender, checks, self._setup, started)
            result.ready_seconds = running.ready_seconds
            result.faults += self._find_wrong_responses(running)
            if not result.faults and self._work.warm and not self._work.anew:
                run_load(running, self._setup, replace(self._load, seconds=WARM_SECONDS))
        except (StartError, LoadError) as error:
            result.faults.append(str(error))
        if result.faults:
            print_progress(f"  {result.contender.name}: not measured: {result.faults[0]}")
            return None
        if self._work.anew:
            running.process.stop()
        return running

    def _run_round(self, result: Result, running: Running, number: str) -> None:
        if result.faults:
            return
        with ExitStack() as stack:
            try:
                if self._work.anew:
                    running = start_contender(
                        result.contender, running.checks, self._setup, lambda process: stack.callback(process.stop)
                    )
                one = self._work.load_pattern(running, self._setup, self._load)
            except (StartError, LoadError, OSError) as error:
                result.faults.append(f"round {number}: {error}")
                return
            result.rounds.append(one)
            if running.process.exited():
                result.faults.append(f"round {number}: it ended under load:\n{running.process.log_tail()}")
        print_progress(f"  {number}  {result.contender.name:20} {self._format_round(one)}")

    def _format_round(self, one: Round) -> str:
        cells = [f"{one.figures[column.figure]:{column.form}} {column.heading}" for column in self._work.columns]
        return "  ".join([*cells, f"{one.error_count} errors"])
