import argparse
import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import torch

from lib.run import Run, Stopped, replace_whole, require, require_space

WRITER = """
import sys, time
from lib.run import replace_whole
def write(file):
    file.write(b"half")
    file.flush()
    print("half", flush=True)
    time.sleep(60)
replace_whole(sys.argv[1], write)
"""


def train(work, steps=12, stop_at=None, identity="x"):
    options = argparse.Namespace(work=work, steps=steps, minutes=None, stop_after=None, seed=3)
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    with contextlib.redirect_stdout(io.StringIO()):
        run = Run(options, identity, {"model": model, "optimizer": optimizer})
        for step in run:
            x = torch.randn(8, 4, generator=torch.Generator().manual_seed(step))
            loss = (model(x) - x).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.did(8, loss=loss)
            if step == stop_at:
                os.kill(os.getpid(), signal.SIGTERM)
    return model, run


class RunTest(unittest.TestCase):
    def setUp(self):
        self.handlers = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}

    def tearDown(self):
        for name, handler in self.handlers.items():
            signal.signal(name, handler)

    def test_a_stopped_run_resumes_to_the_very_same_weights(self):
        with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as cut:
            straight, _ = train(whole)
            with self.assertRaisesRegex(Stopped, "SIGTERM.*run it again"):
                train(cut, stop_at=4)
            resumed, run = train(cut)
            torch.testing.assert_close(resumed.weight, straight.weight, rtol=0, atol=0)
            self.assertEqual((run.step, run.tokens), (12, 96))

    def test_a_checkpoint_of_other_settings_is_refused(self):
        with tempfile.TemporaryDirectory() as work:
            train(work, steps=2)
            with self.assertRaisesRegex(SystemExit, "other settings"):
                train(work, steps=2, identity="y")

    def test_a_kill_while_saving_leaves_the_last_checkpoint_whole(self):
        with tempfile.TemporaryDirectory() as work:
            path = Path(work) / "checkpoint.pt"
            replace_whole(path, lambda file: file.write(b"whole"))
            child = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE)
            self.assertEqual(child.stdout.readline(), b"half\n")
            child.kill()
            child.wait()
            child.stdout.close()
            self.assertEqual(path.read_bytes(), b"whole")

    def test_says_what_is_missing_and_what_to_do(self):
        with self.assertRaisesRegex(SystemExit, "is not there.*get it"):
            require("/nowhere/at/all", "the corpus", "get it")
        with self.assertRaisesRegex(SystemExit, "MB free and this run needs"):
            require_space("/tmp", 1e18)
