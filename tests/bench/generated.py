"""Programs of any size for the compile-time benchmark: trees of Espalier, and the same work in CAF.

Every process has two messages, and `calls` to one that starts before it. Supervisors have up to eight children, and
take the three strategies in turn.
"""

CHILDREN = 8
ASKED = 16  # processes that are asked about, whatever the size of the tree
STRATEGIES = ("es::one_for_one", "es::rest_for_one", "es::one_for_all")


def callee_of(number):
    """The process that a process calls: its neighbour, or one far off."""
    return number - 1 if number % 2 else number // 2


def process(number, sends):
    before = callee_of(number)
    calls = f"  using calls = es::processes<p{before}>;\n" if number else ""
    handle = "void handle(set m) { value = m.value; }"
    if sends and number:
        handle = (f"void handle(set m, es::context<p{number}>& self) {{\n    value = m.value;\n"
                  f"    self.cast<p{before}, p{before}::set>(m.value);\n  }}")
    return (f"struct p{number} {{\n{calls}"
            "  struct set { int value; };\n  struct get { using reply = int; };\n"
            f"  {handle}\n  int handle(get) {{ return value; }}\n  int value = 0;\n}};\n")


def supervisors(size):
    out = []
    level = [f"p{i}" for i in range(size)]
    while len(level) > CHILDREN or not out:
        above = []
        for first in range(0, len(level), CHILDREN):
            children = level[first : first + CHILDREN]
            strategy = STRATEGIES[len(out) % 3 if len(children) > 1 else 0]
            name = f"s{len(out)}"
            out.append(f"struct {name} : es::supervisor<{strategy}, es::intensity<3, 5_s>, {', '.join(children)}> {{}};\n")
            above.append(name)
        level = above
    out.append(f"struct app : es::supervisor<{', '.join(level)}> {{}};\n")
    return "".join(out)


def tree(size, header, sends=False):
    return (f"#include <espalier/{header}>\nnamespace es = espalier;\nusing namespace es::literals;\n\n"
            + "".join(process(i, sends) for i in range(size)) + supervisors(size))


def judged(size):
    return tree(size, "check.hpp") + "template struct es::check<app>;\n"


def asked(size):
    asked_about = min(ASKED, size)
    names = ", ".join(f"p{i * size // asked_about}" for i in range(asked_about))
    return tree(size, "check.hpp") + f"""static_assert(es::is_valid<app>);
template <class... P>
constexpr unsigned long long ask(es::processes<P...>) {{
  const unsigned long long answers[] = {{
      es::crash_budget<app, P>..., es::blast_radius<app, P>.size..., es::blast_radius<app, P, 1>.size...,
      es::exposed<app, P>.size..., es::never_escalates<app, P, 1_s>...}};
  unsigned long long sum = 0;
  for (auto each : answers) sum += each;
  return sum;
}}
unsigned long long const answers[] = {{
    ask(es::processes<{names}>{{}}), es::start_order<app>.size, es::shutdown_bound<app> == es::infinity,
    es::process_count<app>, es::supervisor_count<app>, es::depth<app>, es::diagram<app>.size(),
    es::diagram_dot<app>.size(), es::diagram_mermaid<app>.size(), es::explain<app>.size()}};
"""


def started(size):
    return tree(size, "system.hpp") + "int main() { es::system<app> sys; }\n"


def whole(size):
    """A program that sends: 5 goes to the last process and on to those that it calls, and is asked for."""
    last = size - 1
    return tree(size, "system.hpp", sends=True) + f"""int main() {{
  es::system<app> sys;
  sys.cast<p{last}>(p{last}::set{{5}});
  return sys.call<p{last}>(p{last}::get{{}}) == 5 ? 0 : 1;
}}
"""


def caf_actor(number, own_messages):
    before = callee_of(number)
    set_of = lambda i: f"set{i}" if own_messages else "set_atom, int"
    get_of = lambda i: f"get{i}" if own_messages else "get_atom"
    out = []
    if own_messages:
        out.append(f"struct set{number} {{ int value; }};\nstruct get{number} {{}};\n"
                   "template <class Inspector>\n"
                   f"typename Inspector::result_type inspect(Inspector& f, set{number}& x) {{ return f(x.value); }}\n"
                   "template <class Inspector>\n"
                   f"typename Inspector::result_type inspect(Inspector& f, get{number}&) {{ return f(); }}\n")
    out.append(f"using p{number} = caf::typed_actor<caf::reacts_to<{set_of(number)}>, "
               f"caf::replies_to<{get_of(number)}>::with<int>>;\n"
               f"struct p{number}_state {{ int value = 0; }};\n")
    argument = f", p{before} before" if number else ""
    taken, value = (f"set{number} m", "m.value") if own_messages else ("set_atom, int n", "n")
    message = f"set{before}{{{value}}}" if own_messages else f"set_atom::value, {value}"
    sends = f" self->send(before, {message});" if number else ""
    out.append(f"p{number}::behavior_type p{number}_body(p{number}::stateful_pointer<p{number}_state> self{argument}) {{\n"
               f"  return {{[=]({taken}) {{ self->state.value = {value};{sends} }},\n"
               f"          [=]({get_of(number)}) {{ return self->state.value; }}}};\n}}\n")
    return "".join(out)


def caf(size, own_messages=True):
    """The same program for CAF 0.17: typed actors, with message types of their own or with one pair for all."""
    last = size - 1
    spawns = "".join(f"  auto a{i} = system.spawn(p{i}_body{f', a{callee_of(i)}' if i else ''});\n" for i in range(size))
    ends = "".join(f"  caf::anon_send_exit(a{i}, caf::exit_reason::kill);\n" for i in range(size))
    atoms = ("" if own_messages else
             'using set_atom = caf::atom_constant<caf::atom("set")>;\nusing get_atom = caf::atom_constant<caf::atom("get")>;\n')
    sent, asked_for = (f"set{last}{{5}}", f"get{last}{{}}") if own_messages else ("set_atom::value, 5", "get_atom::value")
    return f"""#include <caf/all.hpp>

{atoms}{"".join(caf_actor(i, own_messages) for i in range(size))}
int main() {{
  caf::actor_system_config config;
  caf::actor_system system{{config}};
{spawns}  int seen = 0;
  {{
    caf::scoped_actor self{{system}};
    self->send(a{last}, {sent});
    self->request(a{last}, caf::infinite, {asked_for}).receive([&](int n) {{ seen = n; }}, [](caf::error const&) {{}});
  }}
{ends}  return seen == 5 ? 0 : 1;
}}
"""
