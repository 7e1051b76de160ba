"""Batches made by other processes while the model learns.

A batch depends on the seed, its step and the stage alone, so that a resumed run sees what it would have seen.
"""

import multiprocessing
import os
import queue
import signal
import random as randomness

import numpy as np

from lib.rows import stage_at

AHEAD = 4


def make_batch(rows, stages, seed, step, progress, batch, length):
    stage = stage_at(stages, progress)
    made = [rows.build(randomness.Random(f"{seed}:{step}:{i}"), stage, length) for i in range(batch)]
    return np.stack([ids for ids, _ in made]), np.stack([codes for _, codes in made])


class Feed:
    """`make(step, progress)` -> arrays. `steps`: length of the run when known, so that progress is the step's own;
    otherwise the trainer tells it. With no workers batches are made where they are asked for.
    """

    def __init__(self, make, first, workers, steps=None):
        self.make, self.steps, self.first, self.step, self.workers = make, steps, first, first, workers
        if workers == 0:
            return
        context = multiprocessing.get_context("fork")
        self.told = context.Value("d", 0.0)
        self.queues = [context.Queue(AHEAD) for _ in range(workers)]
        self.processes = [context.Process(target=self.work, args=(i,), daemon=True) for i in range(workers)]
        for process in self.processes:
            process.start()

    def work(self, index):
        # The parent decides when to stop; its handlers came along with the fork.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        step = self.first + index
        while True:
            self.queues[index].put(self.make(step, step / self.steps if self.steps else self.told.value))
            step += self.workers

    def next(self, progress):
        """What `make` gives for the next step."""
        step = self.step
        self.step += 1
        if self.workers == 0:
            return self.make(step, step / self.steps if self.steps else progress)
        self.told.value = progress
        index = (step - self.first) % self.workers
        while True:
            try:
                return self.queues[index].get(timeout=5)
            except queue.Empty:
                if not self.processes[index].is_alive():
                    raise SystemExit("a process that makes training rows died: see its message above") from None

    def close(self):
        for process in getattr(self, "processes", []):
            process.terminate()


def workers_wanted(given):
    return max(1, (os.cpu_count() or 2) - 1) if given is None else given
