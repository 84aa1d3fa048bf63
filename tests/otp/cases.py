"""Cases for the comparison with OTP: a tree and what happens to it, as text, at random, and made smaller.

A case reads like this; what is not said has OTP's default:

    case 42
    supervisor s0 one_for_one intensity 2 period 60
      process c1 temporary shutdown 20 on_stop ignore
      supervisor s2 transient rest_for_one auto_shutdown any_significant
        process c3 transient significant
      dynamic d4 intensity 3
        process c5 transient
    next c3 fail ignore ok
    start
    finish c3 crash
    together s0 c1 normal
    start_child d4 c5.1 ok c5.2 crash
    finish c5.1 terminate
    wait 2200
    stop c1 shutdown

`next` says what the next starts of a process do: fail at once or when the process exists already (`fail`,
`fail_late`), decline (`ignore`), succeed (`ok`), or succeed and end before the supervisor does anything else (one of
`ENDS`). All later starts succeed. `finish` makes a process end by itself, in one of these ways or with
`shutdown_with`, OTP's `{shutdown, Term}`. `together` does so with several children of one supervisor before it hears
of any. `stop` ends the tree in order, and has the root hear of the ends that it names after it was told to stop.
A `dynamic` supervisor starts no child by itself: `start_child` asks it for several at once, each with a name and what
its first start does. They are all as the one process below it says, and are named in the other steps like processes.
`terminate` is an end only for them: somebody has the supervisor end the child.

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
  - Children of a dynamic supervisor know nothing of each other, and Espalier starts them side by side: each of them has
    an order, and they have none together (check.py).
  - Left out: a restart under a dynamic supervisor that is declined (`ignore`), which OTP before 27 does not survive.
  - Left out: to kill a supervisor, or to give one a finite or brutal shutdown; `significant` under `never` or
    on a permanent child, which OTP refuses. And `shutdown_with` where a supervisor may find the process dead when it
    stops it: OTP reports a permanent one then, but Espalier does not tell that reason from `shutdown`.
"""

import collections
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
FIRST_PAIR = {"together": 2, "stop": 1, "start_child": 2}  # where names, and what they do, begin in a step
ENDS = {"crash": 6, "normal": 3, "shutdown": 1, "kill": 1}  # and how often
FAILURES = ("fail", "fail_late")
DYNAMIC_ENDS = {**ENDS, "terminate": 2}
STORM = {"ok": 3, "fail": 5, "ignore": 1, **ENDS}
DYNAMIC_STORM = {"ok": 3, "fail": 5, **ENDS}


def is_started_later(name):
    """Whether it is the name of a dynamic supervisor's child."""
    return "." in name


@dataclasses.dataclass
class Node:
    """A supervisor or a process."""

    name: str
    supervisor: bool
    dynamic: bool = False
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

    def processes(self):
        """Those that are started with the tree."""
        for child in self.children:
            if child.supervisor:
                yield from child.processes()
            elif not self.dynamic:
                yield child

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
        kind = "dynamic" if self.dynamic else "supervisor" if self.supervisor else "process"
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
        static = {child.name: node.name for node in self.root.subtree() for child in node.children}
        started = {name: step[1] for step in self.steps if step[0] == "start_child" for name in step[2::2]}
        return {**static, **started}

    def dynamics(self):
        return [node for node in self.root.subtree() if node.dynamic]

    def told_next(self, steps, outcomes):
        """The static supervisors whose children's next starts do one of these in these steps."""
        parents = self.parents()
        return {parents[step[1]] for step in steps
                if step[0] == "next" and not is_started_later(step[1]) and set(step) & set(outcomes)}

    def end_at_once(self, steps):
        """The static supervisors whose children these steps make end at once."""
        return self.told_next(steps, ENDS)

    def is_chain(self):
        """Whether one thing happens after the other in the whole tree; otherwise this holds for each supervisor."""
        start = self.steps.index(["start"])
        return not self.end_at_once(self.steps[:start]) and self.end_at_once(self.steps) <= {self.root.name}

    def has_one_source(self):
        at_once = self.end_at_once(self.steps)
        dynamics = {node.name for node in self.dynamics()}
        sources = self.told_next(self.steps, FAILURES)
        sources |= {step[1] for step in self.steps if step[0] == "together" and step[1] not in dynamics}
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
        self.has_dynamics = self.chance(0.5)
        self.started = collections.defaultdict(list)  # by dynamic supervisor: its children's names
        self.names = 0
        self.room = self.random.randint(2, 50 if self.chance(0.03) else 14)  # nodes still to come

    def chance(self, probability):
        return self.random.random() < probability

    def one_of(self, weights):
        return self.random.choices(list(weights), list(weights.values()))[0]

    def node(self, kind, **options):
        self.names += 1
        self.room -= 1
        return Node(f"{kind[0]}{self.names - 1}", kind != "child", kind == "dynamic", **options)

    def supervisor(self, level, **as_child):
        node = self.node("supervisor", **as_child)
        node.strategy = self.one_of({"one_for_one": 1, "one_for_all": 1, "rest_for_one": 1})
        self.give_budget(node, level)
        node.auto_shutdown = self.one_of({"never": 3, "any_significant": 1, "all_significant": 3 if self.storm else 1})
        for _ in range(self.one_of({0: 1, 1: 3, 2: 6, 3: 6, 4: 3, 5: 1}) or level == 1):
            if self.room > 0:
                node.children.append(self.child(node, level))
        return node

    def dynamic(self, level, **as_child):
        node = self.node("dynamic", **as_child)
        self.give_budget(node, level)
        node.children.append(self.process(restart=self.one_of({"permanent": 4, "transient": 3, "temporary": 2})))
        return node

    def give_budget(self, node, level):
        node.intensity = self.one_of({0: 2, 1: 5, 2: 5, 3: 3, 5: 1, 20: 2 if level > 1 else 6})
        node.period = self.random.choice(LONG_PERIODS)
        if self.storm and self.chance(0.7):
            node.intensity = 20
        if self.short_period and self.chance(0.9):
            node.intensity = self.one_of({1: 3, 2: 3, 3: 1})
            node.period = self.short_period

    def child(self, parent, level):
        watches = parent.auto_shutdown != "never"
        restart = self.one_of({"permanent": 1 if watches else 5, "transient": 3, "temporary": 2})
        as_child = {"restart": restart, "significant": watches and restart != "permanent" and self.chance(0.8)}
        if level < MOST_LEVELS and self.chance(0.35):
            kind = self.dynamic if self.has_dynamics and self.chance(0.6) else self.supervisor
            return kind(level + 1, **as_child)
        return self.process(**as_child)

    def process(self, **as_child):
        node = self.node("child", **as_child)
        node.shutdown = self.one_of({"5000": 6, "brutal_kill": 2, "infinity": 1})
        node.on_stop = self.one_of({"obey": 20, "crash": 2, "slow": 1, "ignore": 0 if self.short_period else 2})
        if node.on_stop == "ignore" and node.shutdown != "brutal_kill":
            node.shutdown = str(self.random.choice([0, 10, 20]))
        return node

    def why(self, ends=None):
        return "crash" if self.short_period and self.chance(0.7) else self.one_of(ends or ENDS)

    def outcomes(self, weights):
        """What the next starts do."""
        if self.chance(0.3):
            return [self.one_of(weights)] * self.random.randint(2, 9)
        return [self.one_of(weights) for _ in range(self.one_of({1: 4, 2: 2, 3: 2, 6: 1}))]

    def step(self, root, processes, favourite):
        dynamics = [node for node in root.subtree() if node.dynamic]
        if dynamics and (not processes or self.chance(0.7)):
            return self.dynamic_step(dynamics[0] if self.chance(0.8) else self.random.choice(dynamics))
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

    def dynamic_step(self, above):
        known = self.started[above.name]
        kind = self.one_of({"start_child": 6 if len(known) < 3 else 2, "finish": 6, "together": 4, "next": 5,
                            "wait": 4 if self.short_period else 0})
        if kind == "wait":
            return ["wait", str(self.random.choice(WAITS))]
        if kind == "start_child" or not known:
            return self.start_children(above, self.one_of({1: 4, 2: 3, 3: 2, 5: 1}))
        one = self.random.choice(known[-4:])
        if kind == "next":
            ends = ENDS if self.at_once else {}
            return ["next", one, *self.outcomes({"fail": 6, "fail_late": 3, "ok": 4, **ends})]
        if kind == "together":
            return ["together", above.name, *self.deaths(above, DYNAMIC_ENDS)]
        return ["finish", one, "shutdown_with" if self.chance(0.05) else self.why(DYNAMIC_ENDS)]

    def start_children(self, above, count):
        ends = ENDS if self.at_once else {}
        out = ["start_child", above.name]
        for _ in range(count):
            known = self.started[above.name]
            known.append(f"{above.children[0].name}.{len(known) + 1}")
            out += [known[-1], self.one_of({"ok": 25, "fail": 3, "fail_late": 2, "ignore": 3, **ends})]
        return out

    def deaths(self, above, ends=None):
        dying = self.started[above.name][-6:]
        if not above.dynamic:
            dying = [child.name for child in above.children if not child.supervisor]
        self.random.shuffle(dying)
        count = min(len(dying), self.one_of({1: 1, 2: 4, 3: 3, 4: 1}))
        return [word for name in dying[:count] for word in (name, self.why(ends))]

    def add(self, case, step):
        """Adds the step, if the case stays well posed."""
        case.steps.append(step)
        if not case.is_well_posed() or case.waiting() > MOST_WAITING:
            case.steps.pop()

    def case(self):
        while True:
            self.names = 0
            root = self.dynamic(1) if self.has_dynamics and self.chance(0.15) else self.supervisor(1)
            processes = list(root.processes())
            if processes or root.dynamic:
                break
            self.room = 4
        out = Case(self.seed, root, [])
        favourite = self.random.choice(processes) if processes else None
        for node in processes:
            if self.chance(0.07):
                weights = {"ok": 10, "ignore": 30, "fail": 3, **(ENDS if self.at_once and node == favourite else {})}
                self.add(out, ["next", node.name, *self.outcomes(weights)])
        out.steps.append(["start"])
        if self.storm:
            self.raise_storm(out, favourite)
        for _ in range(self.random.randint(8 if self.short_period else 1, 14)):
            self.add(out, self.step(root, processes, favourite))
        out.steps.append(["stop", *(self.deaths(root) if self.chance(0.2) else [])])
        return out


    def raise_storm(self, case, favourite):
        """Has everything go wrong with the siblings of the favourite, or with the first dynamic children."""
        dynamics = case.dynamics()
        if dynamics and (favourite is None or self.chance(0.6)):
            self.add(case, self.start_children(dynamics[0], self.random.randint(1, 4)))
            names, weights = self.started[dynamics[0].name], DYNAMIC_STORM
        else:
            siblings = next(node.children for node in case.root.subtree() if favourite in node.children)
            names, weights = [child.name for child in siblings if not child.supervisor], STORM
        for name in names:
            self.add(case, ["next", name, *(self.one_of(weights) for _ in range(self.random.randint(2, 8)))])


def random_case(seed):
    return Generator(seed).case()


# --- smaller


def without(case, name):
    """The case without the subtree of that name, or the dynamic child."""
    out = copy.deepcopy(case)
    gone = {name}
    for node in out.root.subtree():
        for child in node.children:
            if child.name == name:
                gone |= {below.name for below in child.subtree()}
        node.children = [child for child in node.children if child.name != name]
    gone |= {started for started, above in case.parents().items() if above in gone}
    steps = []
    for step in out.steps:
        first = FIRST_PAIR.get(step[0])
        if first is not None:
            pairs = list(zip(step[first::2], step[first + 1 :: 2]))
            step = step[:first] + [word for pair in pairs if pair[0] not in gone for word in pair]
            if step[0] == "start_child" and len(step) == first:
                continue
        if len(step) < 2 or step[1] not in gone:
            steps.append(step)
    out.steps = steps
    return out


def shorter_steps(step):
    if step[0] == "next" and len(step) > 3:
        yield from (step[:i] + step[i + 1 :] for i in range(2, len(step)))
    if step[0] in FIRST_PAIR:
        yield from (step[:i] + step[i + 2 :] for i in range(FIRST_PAIR[step[0]], len(step), 2))


def smaller(case):
    """Cases a little smaller or plainer than this one, the smallest first."""
    patterns = {node.children[0].name for node in case.dynamics()}
    for name in case.parents():
        if name not in patterns:
            yield without(case, name)
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
