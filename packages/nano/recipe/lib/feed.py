"""Batches made by other processes while the model learns.

A batch depends on the seed, its step and the stage alone, so that a resumed run sees what it would have seen.
"""

import multiprocessing
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
    """`steps`: length of the run when known, so that progress is the step's own; otherwise the trainer tells it."""

    def __init__(self, rows, stages, seed, first, batch, length, workers, steps=None):
        self.settings = (rows, stages, seed, batch, length)
        self.steps, self.first, self.step, self.workers = steps, first, first, workers
        self.progress = 0.0
        if workers == 0:
            return
        context = multiprocessing.get_context("fork")
        self.told = context.Value("d", 0.0)
        self.queues = [context.Queue(AHEAD) for _ in range(workers)]
        self.processes = [context.Process(target=self.work, args=(i, first), daemon=True) for i in range(workers)]
        for process in self.processes:
            process.start()

    def work(self, index, first):
        rows, stages, seed, batch, length = self.settings
        # The parent decides when to stop; its handlers came along with the fork.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        step = first + index
        while True:
            progress = step / self.steps if self.steps else self.told.value
            self.queues[index].put(make_batch(rows, stages, seed, step, progress, batch, length))
            step += self.workers

    def next(self, progress):
        """-> tokens [batch, length + 1], codes alike, of the next step."""
        rows, stages, seed, batch, length = self.settings
        step = self.step
        self.step += 1
        if self.workers == 0:
            return make_batch(rows, stages, seed, step, progress, batch, length)
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
