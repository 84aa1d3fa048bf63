"""Cases for the comparison with OTP: a tree and what happens to it, as text, at random, and made smaller.

A case reads like this; what is not said has OTP's default:

    case 42
    supervisor s0 one_for_one intensity 2 period 60
      process c1 temporary shutdown 20 on_stop ignore
      supervisor s2 transient rest_for_one auto_shutdown any_significant
        process c3 transient significant
    next c3 fail ignore ok
    start
    finish c3 crash
    together s0 c1 normal
    wait 2200
    stop c1 shutdown

`next` says what the next starts of a process do: fail at once or when the process exists already (`fail`,
`fail_late`), decline (`ignore`), succeed (`ok`), or succeed and end before the supervisor does anything else (one of
`ENDS`). All later starts succeed. `finish` makes a process end by itself, in one of these ways or with
`shutdown_with`, OTP's `{shutdown, Term}`. `together` does so with several children of one supervisor before it hears
of any. `stop` ends the tree in order, and has the root hear of the ends that it names after it was told to stop.
`on_stop` is what a process does when it is stopped, if it does not obey at once: `crash`, take a moment (`slow`), or
`ignore` it until its limit expires. `wait` is in milliseconds, `shutdown` too, `period` in seconds. All other steps
begin when nothing is left to do, and take no time.

What makes the comparison well posed:

  - OTP truncates its clock to whole seconds, so a restart between one period and one second more may count or not. The
    gaps between steps keep clear of that, and of a machine that is late (`CLEAR_INSIDE`). Most cases do not wait, and
    have periods far longer than they run.
  - A process that ends at once, under a supervisor that has a parent, has that supervisor at work while the parent goes
    on to start others. Nothing may make the parent interfere: only the children of that one supervisor may end at once,
    or together, or fail to start. And the order of what different supervisors do is not defined any more
    (`Case.is_chain`).
  - Left out: to kill a supervisor, or to give one a finite or brutal shutdown; `significant` under `never` or
    on a permanent child, which OTP refuses. And `shutdown_with` where a supervisor may find the process dead when it
    stops it: OTP reports a permanent one then, but Espalier does not tell that reason from `shutdown`.
"""

import copy
import dataclasses
import itertools
import random

MOST_LEVELS = 4
LONG_PERIODS = (60, 90, 600)
SHORT_PERIODS = (1, 2, 3)
WAITS = (500, 1000, 1500, 2200, 3200, 4200)
MOST_WAITING = 12_000
CLEAR_INSIDE = 500  # milliseconds that a gap keeps clear of a period, from below
CLEAR_BEYOND = 1100  # and from above
FIRST_DEATH = {"together": 2, "stop": 1}  # where names and ends begin in a step
ENDS = {"crash": 6, "normal": 3, "shutdown": 1, "kill": 1}  # and how often
FAILURES = ("fail", "fail_late")
STORM = {"ok": 3, "fail": 5, "ignore": 1, **ENDS}


@dataclasses.dataclass
class Node:
    """A supervisor or a process."""

    name: str
    supervisor: bool
    restart: str = "permanent"
    significant: bool = False
    # as a process
    shutdown: str = "5000"
    on_stop: str = "obey"
    # as a supervisor
    strategy: str = "one_for_one"
    intensity: int = 1
    period: int = 5
    auto_shutdown: str = "never"
    children: list["Node"] = dataclasses.field(default_factory=list)

    def subtree(self):
        yield self
        for child in self.children:
            yield from child.subtree()

    def options(self):
        """What differs from the defaults, in the words of a case."""
        if self.restart != "permanent":
            yield self.restart
        if self.significant:
            yield "significant"
        if self.shutdown != "5000":
            yield f"shutdown {self.shutdown}"
        if self.on_stop != "obey":
            yield f"on_stop {self.on_stop}"
        if self.strategy != "one_for_one":
            yield self.strategy
        if self.intensity != 1:
            yield f"intensity {self.intensity}"
        if self.period != 5:
            yield f"period {self.period}"
        if self.auto_shutdown != "never":
            yield f"auto_shutdown {self.auto_shutdown}"

    def lines(self, indentation=""):
        kind = "supervisor" if self.supervisor else "process"
        yield indentation + " ".join([kind, self.name, *self.options()])
        for child in self.children:
            yield from child.lines(indentation + "  ")


@dataclasses.dataclass
class Case:
    seed: int
    root: Node
    steps: list[list[str]]

    def text(self):
        return "\n".join([f"case {self.seed}", *self.root.lines(), *map(" ".join, self.steps), ""])

    def waiting(self):
        return sum(int(step[1]) for step in self.steps if step[0] == "wait")

    def is_timed(self):
        """Whether the trace depends on how fast the machine is."""
        return any(node.supervisor and node.period not in LONG_PERIODS for node in self.root.subtree())

    def is_well_posed(self):
        """Whether only one thing can happen, on any machine."""
        return self.is_clear_of_periods() and self.has_one_source()

    def parents(self):
        return {child.name: node.name for node in self.root.subtree() for child in node.children}

    def end_at_once(self, steps):
        """The supervisors whose children these steps make end at once."""
        parents = self.parents()
        return {parents[step[1]] for step in steps if step[0] == "next" and set(step) & set(ENDS)}

    def is_chain(self):
        """Whether one thing happens after the other in the whole tree; otherwise this holds for each supervisor."""
        start = self.steps.index(["start"])
        return not self.end_at_once(self.steps[:start]) and self.end_at_once(self.steps) <= {self.root.name}

    def has_one_source(self):
        parents = self.parents()
        at_once = self.end_at_once(self.steps)
        sources = {parents[step[1]] for step in self.steps if step[0] == "next" and set(step) & set(FAILURES)}
        sources |= {step[1] for step in self.steps if step[0] == "together"}
        return not at_once or len(at_once | sources) == 1

    def is_clear_of_periods(self):
        """Whether every gap between two steps is clearly inside or clearly beyond every period."""
        periods = {1000 * node.period for node in self.root.subtree() if node.supervisor}
        times = itertools.accumulate((int(step[1]) for step in self.steps if step[0] == "wait"), initial=0)
        gaps = {later - earlier for earlier, later in itertools.combinations(times, 2)}
        return all(gap <= period - CLEAR_INSIDE or gap >= period + CLEAR_BEYOND for gap in gaps for period in periods)


# --- at random

class Generator:
    """Draws one case. The same seed gives the same case."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seed = seed
        self.short_period = self.random.choice(SHORT_PERIODS) if self.chance(0.07) else None
        self.at_once = self.chance(0.4)
        self.storm = self.at_once and self.chance(0.4)  # everything goes wrong under one supervisor
        self.names = 0
        self.room = self.random.randint(2, 50 if self.chance(0.03) else 14)  # nodes still to come

    def chance(self, probability):
        return self.random.random() < probability

    def one_of(self, weights):
        return self.random.choices(list(weights), list(weights.values()))[0]

    def node(self, kind, **options):
        self.names += 1
        self.room -= 1
        return Node(f"{kind[0]}{self.names - 1}", kind == "supervisor", **options)

    def supervisor(self, level, **as_child):
        node = self.node("supervisor", **as_child)
        node.strategy = self.one_of({"one_for_one": 1, "one_for_all": 1, "rest_for_one": 1})
        node.intensity = self.one_of({0: 2, 1: 5, 2: 5, 3: 3, 5: 1, 20: 2 if level > 1 else 6})
        node.period = self.random.choice(LONG_PERIODS)
        if self.storm and self.chance(0.7):
            node.intensity = 20
        if self.short_period and self.chance(0.9):
            node.intensity = self.one_of({1: 3, 2: 3, 3: 1})
            node.period = self.short_period
        node.auto_shutdown = self.one_of({"never": 3, "any_significant": 1, "all_significant": 3 if self.storm else 1})
        for _ in range(self.one_of({0: 1, 1: 3, 2: 6, 3: 6, 4: 3, 5: 1}) or level == 1):
            if self.room > 0:
                node.children.append(self.child(node, level))
        return node

    def child(self, parent, level):
        watches = parent.auto_shutdown != "never"
        restart = self.one_of({"permanent": 1 if watches else 5, "transient": 3, "temporary": 2})
        as_child = {"restart": restart, "significant": watches and restart != "permanent" and self.chance(0.8)}
        if level < MOST_LEVELS and self.chance(0.35):
            return self.supervisor(level + 1, **as_child)
        node = self.node("child", **as_child)
        node.shutdown = self.one_of({"5000": 6, "brutal_kill": 2, "infinity": 1})
        node.on_stop = self.one_of({"obey": 20, "crash": 2, "slow": 1, "ignore": 0 if self.short_period else 2})
        if node.on_stop == "ignore" and node.shutdown != "brutal_kill":
            node.shutdown = str(self.random.choice([0, 10, 20]))
        return node

    def why(self):
        return "crash" if self.short_period and self.chance(0.7) else self.one_of(ENDS)

    def outcomes(self, weights):
        """What the next starts do."""
        if self.chance(0.3):
            return [self.one_of(weights)] * self.random.randint(2, 9)
        return [self.one_of(weights) for _ in range(self.one_of({1: 4, 2: 2, 3: 2, 6: 1}))]

    def step(self, root, processes, favourite):
        above = next(node for node in root.subtree() if favourite in node.children)
        if self.at_once and not self.chance(0.2):
            processes = [child for child in above.children if not child.supervisor]
        one = favourite if self.chance(0.8 if self.short_period else 0.4) else self.random.choice(processes)
        kind = self.one_of({"finish": 6, "wait": 4} if self.short_period else {"finish": 6, "together": 2, "next": 3})
        if kind == "next":
            ends = ENDS if self.at_once else {}
            return ["next", one.name, *self.outcomes({"fail": 6, "fail_late": 3, "ok": 4, "ignore": 4, **ends})]
        if kind == "wait":
            return ["wait", str(self.random.choice(WAITS))]
        if kind == "together":
            above = next(node for node in root.subtree() if one in node.children)
            return ["together", above.name, *self.deaths(above)]
        return ["finish", one.name, "shutdown_with" if self.chance(0.05) else self.why()]

    def deaths(self, above):
        dying = [child for child in above.children if not child.supervisor]
        self.random.shuffle(dying)
        count = min(len(dying), self.one_of({1: 1, 2: 4, 3: 3, 4: 1}))
        return [word for child in dying[:count] for word in (child.name, self.why())]

    def add(self, case, step):
        """Adds the step, if the case stays well posed."""
        case.steps.append(step)
        if not case.is_well_posed() or case.waiting() > MOST_WAITING:
            case.steps.pop()

    def case(self):
        while True:
            self.names = 0
            root = self.supervisor(1)
            processes = [node for node in root.subtree() if not node.supervisor]
            if processes:
                break
            self.room = 4
        out = Case(self.seed, root, [])
        favourite = self.random.choice(processes)
        for node in processes:
            if self.chance(0.07):
                weights = {"ok": 10, "ignore": 30, "fail": 3, **(ENDS if self.at_once and node == favourite else {})}
                self.add(out, ["next", node.name, *self.outcomes(weights)])
        out.steps.append(["start"])
        siblings = next(node.children for node in root.subtree() if favourite in node.children)
        for child in siblings if self.storm else []:
            if not child.supervisor:
                self.add(out, ["next", child.name, *(self.one_of(STORM) for _ in range(self.random.randint(2, 8)))])
        for _ in range(self.random.randint(8 if self.short_period else 1, 14)):
            self.add(out, self.step(root, processes, favourite))
        out.steps.append(["stop", *(self.deaths(root) if self.chance(0.2) else [])])
        return out


def random_case(seed):
    return Generator(seed).case()


# --- smaller


def without(case, name):
    """The case without the subtree of that name."""
    out = copy.deepcopy(case)
    gone = set()
    for node in out.root.subtree():
        for child in node.children:
            if child.name == name:
                gone = {below.name for below in child.subtree()}
        node.children = [child for child in node.children if child.name != name]
    steps = []
    for step in out.steps:
        first = FIRST_DEATH.get(step[0])
        if first is not None:
            pairs = list(zip(step[first::2], step[first + 1 :: 2]))
            step = step[:first] + [word for pair in pairs if pair[0] not in gone for word in pair]
        if len(step) < 2 or step[1] not in gone:
            steps.append(step)
    out.steps = steps
    return out


def shorter_steps(step):
    if step[0] == "next" and len(step) > 3:
        yield from (step[:i] + step[i + 1 :] for i in range(2, len(step)))
    if step[0] in FIRST_DEATH:
        yield from (step[:i] + step[i + 2 :] for i in range(FIRST_DEATH[step[0]], len(step), 2))


def smaller(case):
    """Cases a little smaller or plainer than this one, the smallest first."""
    for node in list(case.root.subtree())[1:]:
        yield without(case, node.name)
    for i, step in enumerate(case.steps):
        if step[0] not in ("start", "stop"):
            yield dataclasses.replace(case, steps=case.steps[:i] + case.steps[i + 1 :])
        for shorter in shorter_steps(step):
            yield dataclasses.replace(case, steps=[*case.steps[:i], shorter, *case.steps[i + 1 :]])
    plain = Node("", False)
    for i, node in enumerate(case.root.subtree()):
        for field in ("significant", "on_stop", "shutdown", "restart", "auto_shutdown", "strategy", "intensity"):
            if getattr(node, field) != getattr(plain, field):
                out = copy.deepcopy(case)
                setattr(list(out.root.subtree())[i], field, getattr(plain, field))
                if is_accepted(out.root):
                    yield out


def is_accepted(root):
    """Whether OTP accepts the tree, and every stop of it ends."""
    for node in root.subtree():
        if node.on_stop == "ignore" and node.shutdown in ("5000", "infinity"):
            return False
        for child in node.children:
            if child.significant and (node.auto_shutdown == "never" or child.restart == "permanent"):
                return False
    return True
