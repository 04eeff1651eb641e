"""Mutate a seeded sample of the code and count the mutants that no test notices.

    python tests/mutation/mutate.py map             # once: which test runs which line; map tests/scans: what is new there
    python tests/mutation/mutate.py run theory      # or slopes, scans, flow: every mutant of the sample (sample.toml)
    python tests/mutation/mutate.py again theory    # those that survived and are not judged equivalent, under more tests
    python tests/mutation/mutate.py run theory 16 60    # another sample: 60 mutants of seed 16. Tests written for the survivors
                                                        # of one sample say nothing of the score but on another

Mutants are written into a copy of the project in a temporary folder, so that processes that a test starts see them too.
A mutant's tests are those that run its statement, or its file where it is run on import. Not mutated: docstrings, annotations,
texts (f-strings, whatever stands in a ``raise``, ``__str__`` and ``__repr__``), and ``strict=True``, which only asserts.
Results are kept in ``.mutation``. Mutants that change nothing that could be seen stand in equivalent.toml, with the reason.
"""

import ast
import importlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import tomllib
import traceback
from collections import defaultdict
from pathlib import Path

import cosmic_ray.ast
import cosmic_ray.mutating
import cosmic_ray.plugins

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / ".mutation"
CONFIG = tomllib.loads((Path(__file__).parent / "sample.toml").read_text())
EQUIVALENT = tomllib.loads((Path(__file__).parent / "equivalent.toml").read_text())
# Imported before the fork: what every test session needs and no mutant touches.
SHARED = "sympy numpy numba xarray zarr scipy.optimize scipy.linalg matplotlib.pyplot pytest hypothesis loky typer rich"


class Recorder:
    """A pytest plugin: the lines and the duration of every test."""

    def __init__(self, coverage):
        self.coverage, self.seconds, self.failed = coverage, defaultdict(float), set()

    def pytest_runtest_logstart(self, nodeid):
        self.coverage.switch_context(nodeid)

    def pytest_runtest_logfinish(self):
        self.coverage.switch_context("")

    def pytest_runtest_logreport(self, report):
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.add(report.nodeid)


def make_map(paths):
    """Run tests under coverage: all of them, or those named, which are added to the map that is there."""
    import coverage
    import pytest

    os.chdir(ROOT)
    file = RESULTS / "map.json"
    measured = coverage.Coverage(data_file=None, source=["phasetheory", "numerics"])
    recorder = Recorder(measured)
    measured.start()
    left_out = [f"--ignore=tests/test_{name}.py" for name in ("readme", "notebooks")]
    pytest.main(["-n", "0", "-m", "", *left_out, *paths], plugins=[recorder])
    measured.stop()
    known = json.loads(file.read_text()) if paths and file.exists() else {"lines": {}, "seconds": {}}
    again = {test.partition("::")[0] for test in recorder.seconds}
    gone = {test for test in known["seconds"] if test.partition("::")[0] in again} | recorder.failed
    known["seconds"] = {test: time for test, time in known["seconds"].items() if test not in gone} | recorder.seconds
    data = measured.get_data()
    found = {str(Path(name).relative_to(ROOT)): data.contexts_by_lineno(name) for name in data.measured_files()}
    for name in {*known["lines"], *found}:
        before, now = known["lines"].get(name, {}), found.get(name, {})
        known["lines"][name] = {
            str(line): sorted(
                ({*before.get(str(line), ())} - gone) | ({*now.get(int(line), ())} - {""} - recorder.failed)
            )
            for line in {*map(int, before), *now}
        }
    RESULTS.mkdir(exist_ok=True)
    file.write_text(json.dumps(known))


def span(node):
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def unseen(tree):
    """Spans (first, last) of positions in which nothing is mutated."""
    for node in ast.walk(tree):
        texts = isinstance(node, ast.Raise | ast.JoinedStr) or getattr(node, "name", "") in ("__str__", "__repr__")
        if texts or (isinstance(node, ast.keyword) and node.arg == "strict"):
            yield span(node)
        for annotation in ("annotation", "returns"):
            if getattr(node, annotation, None) is not None:
                yield span(getattr(node, annotation))


def mutants(package):
    """Every (file, operator, occurrence, line) of a package that may be drawn."""
    settings = CONFIG["packages"][package]
    files = {file for pattern in settings["files"] for file in ROOT.glob(pattern)}
    files -= {file for pattern in settings.get("without", ()) for file in ROOT.glob(pattern)}
    for file in sorted(files):
        text = file.read_text()
        tree = ast.parse(text)
        spans = list(unseen(tree))
        arithmetic = [span(node) for node in ast.walk(tree) if isinstance(node, ast.BinOp)]
        nodes = list(cosmic_ray.ast.ast_nodes(cosmic_ray.ast.get_ast(text)))
        for name in CONFIG["operators"]:
            operator = cosmic_ray.plugins.get_operator(f"core/{name}")()
            places = [start for node in nodes for start, _ in operator.mutation_positions(node)]
            for occurrence, place in enumerate(places):
                hidden = any(first <= place < last for first, last in spans)
                binary = any(first <= place < last for first, last in arithmetic)  # not the * of a signature
                if not hidden and (binary or "Binary" not in name):
                    yield str(file.relative_to(ROOT)), name, occurrence, place[0]


def tests_of(known, file, line, more):
    """The tests that run the statement at the line, fastest first; those of the file where it is run on import.

    More: for longer, and then others that run the file, which may have met a result that was kept from before.
    """
    lines = known["lines"].get(file, {})
    of_file = {test for tests in lines.values() for test in tests}
    run = {test for number in statement(file, line) for test in lines.get(str(number), ())}
    found, always = run or of_file, [] if run or not of_file else CONFIG["on_import"]
    if not more:
        return [*always, *within(CONFIG["seconds"], found, known["seconds"])]
    rest = within(CONFIG["others"], of_file - found, known["seconds"])
    return [*always, *within(CONFIG["again"], found, known["seconds"]), *rest]


def within(limit, tests, seconds):
    """The fastest tests that together take no longer than the limit, one at least."""
    fastest = sorted(tests, key=lambda test: (seconds[test], test))
    ends = itertools.accumulate(map(seconds.get, fastest))
    return [test for i, (test, end) in enumerate(zip(fastest, ends, strict=True)) if i == 0 or end < limit]


def statement(file, line):
    """Lines of the innermost statement around the line; of a compound one, its head."""
    best = range(line, line + 1)
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.stmt) and node.lineno <= line <= node.end_lineno:
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if body else node.end_lineno
            if line <= end:
                best = range(node.lineno, max(end, node.lineno) + 1)
    return best


def outcome(copy, tests, limit):
    """Run the tests in a child; 'survived', or how the mutant was noticed."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os.chdir(copy)
        log = os.open(copy / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        import pytest

        code = 1
        try:
            code = int(pytest.main(["-n", "0", "-m", "", "-x", "--assert=plain", "-p", "no:cacheprovider", *tests]))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            if code == 4 and "not found: " in (copy / "log.txt").read_text(errors="replace"):
                sys.exit("a test of the map is no more; map again")
            return "survived" if code == 0 else "killed" if code in (1, 2) else f"exit {code}"
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout"


def interval(hits, total, z=1.96):
    """Wilson's 95 % interval of a share."""
    share = hits / total
    centre, half = share + z * z / (2 * total), z * (share * (1 - share) / total + z * z / (4 * total**2)) ** 0.5
    return (centre - half) / (1 + z * z / total), (centre + half) / (1 + z * z / total)


def drawn(package, seed, size):
    """The sample, (key, file, line, mutated text) of each, and how many there are to draw from; what compiles, that is."""
    population = list(mutants(package))
    sample = []
    for file, name, occurrence, line in random.Random(seed).sample(population, len(population)):
        operator = cosmic_ray.plugins.get_operator(f"core/{name}")()
        mutated = cosmic_ray.mutating.mutate_code((ROOT / file).read_text(), operator, occurrence)
        try:
            compile(mutated, file, "exec")
        except SyntaxError:
            continue
        sample.append((f"{file}:{line} {name} {occurrence}", file, line, mutated))
        if len(sample) == size:
            break
    return sample, len(population)


def change_of(text, mutated):
    """The first line that differs, before and after."""
    pairs = zip(text.splitlines(), mutated.splitlines(), strict=False)
    return next((f"{old.strip()}  ->  {new.strip()}" for old, new in pairs if old != new), "")


def run(package, seed, size, again=False):
    """Test every mutant of the sample, or those that survived before, and print the score."""
    known = json.loads((RESULTS / "map.json").read_text())
    results = RESULTS / f"{package}-{seed}.json"
    found = json.loads(results.read_text()) if results.exists() else {}
    sample, population = drawn(package, seed, size)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(
            ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv*", ".mutation", "*.pyc"), symlinks=True
        )
        sys.path.insert(0, str(copy))
        os.environ.update(PYTHONPATH=str(copy), PYTHONDONTWRITEBYTECODE="1", CI="1")
        sys.dont_write_bytecode = True
        for name in SHARED.split():
            importlib.import_module(name)
        tests = sorted({test for _, file, line, _ in sample[:10] for test in tests_of(known, file, line, False)[:10]})
        if outcome(copy, tests, 600) != "survived":  # or every mutant would seem to be noticed
            sys.exit("the tests fail without any mutation:\n" + (copy / "log.txt").read_text())
        for number, (key, file, line, mutated) in enumerate(sample, 1):
            text = (ROOT / file).read_text()
            change = change_of(text, mutated)
            if found.get(key, {}).get("outcome") not in (("survived", "untested") if again else (None,)):
                continue
            if again and change in EQUIVALENT.get(file, {}):
                continue
            tests = tests_of(known, file, line, again)
            limit = 60 + 4 * sum(known["seconds"].get(test, 0) for test in tests)
            (copy / file).write_text(mutated)
            began = time.monotonic()
            result = outcome(copy, tests, limit) if tests else "untested"
            (copy / file).write_text(text)
            failed = re.search(r"^FAILED (\S+)", (copy / "log.txt").read_text(errors="replace"), re.MULTILINE)
            by = failed[1] if failed and result == "killed" else ""
            found[key] = {"outcome": result, "change": change, "tests": len(tests), "by": by}
            results.write_text(json.dumps(found, indent=1, ensure_ascii=False))
            print(f"{number}/{len(sample)} {time.monotonic() - began:.0f} s {result}: {key}: {change}", flush=True)
    score(package, seed, sample, population, found)


def score(package, seed, sample, population, found):
    """Print how many of a sample were noticed, of all and without those judged equivalent; then those that live."""
    living = [key for key, *_ in sample if found[key]["outcome"] in ("survived", "untested")]
    equivalent = [key for key in living if found[key]["change"] in EQUIVALENT.get(key.partition(":")[0], {})]
    print(f"{package}, seed {seed}, {len(sample)} of {population} mutants")
    noticed = len(sample) - len(living)
    for name, size in ("of all", len(sample)), ("without the equivalent", len(sample) - len(equivalent)):
        low, high = interval(noticed, size)
        print(f"  {name}: {noticed} of {size} noticed, {noticed / size:.1%} [{low:.1%}, {high:.1%}]")
    for key in living:
        print(f"  {'equivalent' if key in equivalent else 'lives'}: {key}: {found[key]['change']}")


if __name__ == "__main__":
    if sys.argv[1] == "map":
        make_map(sys.argv[2:])
    else:
        command, package, *numbers = sys.argv[1:]
        default = CONFIG["seed"], CONFIG["packages"][package]["size"]
        run(package, *[*map(int, numbers), *default[len(numbers) :]], again=command == "again")
