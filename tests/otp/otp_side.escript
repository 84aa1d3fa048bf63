#!/usr/bin/env escript
%% Runs cases on OTP's own `supervisor` and prints what happened; cases.py says what a case looks like.
%%! -noinput
%%
%% usage: otp_side.escript FILE
%%
%% Where the traces come from. Every line is stamped with `unique_integer([monotonic])` by the process in which it
%% happens, so that the order is exact: the start functions run in the supervisor, and so does the logger's handler
%% of its reports. That a process has ended, and why, is said by the virtual machine, whose trace messages carry the
%% same stamps. Nothing here knows a rule of supervision.
-module(otp_side).
-mode(compile).
-behaviour(supervisor).
-export([main/1, init/1, start_supervisor/2, start_process/2, start_process/3, process/4, log/2]).

-record(node, {name, kind, options = [], children = []}).

main([File]) ->
    {ok, Text} = file:read_file(File),
    Cases = [parse(Block) || Block <- string:split(string:trim(Text), "\n\n", all)],
    ok = logger:remove_handler(default),
    ok = logger:add_handler(reports, ?MODULE, #{level => error}),
    {Timed, Quick} = lists:partition(fun is_timed/1, Cases),
    %% Waiting costs nothing, so all that waits does so at once. The others keep the processors busy.
    Runs = [start_run(Case) || Case <- Timed],
    Traces = maps:from_list(run_some(Quick, 8, []) ++ [await_run(Run) || Run <- Runs]),
    [io:put_chars(["case ", Id, "\n", maps:get(Id, Traces), "\n"]) || {Id, _, _} <- Cases].

is_timed({_, _, Steps}) -> lists:any(fun([Word | _]) -> Word =:= wait end, Steps).

run_some([], _, Runs) -> [await_run(Run) || Run <- Runs];
run_some(Cases, 0, [Run | Runs]) -> [await_run(Run) | run_some(Cases, 1, Runs)];
run_some([Case | Cases], Free, Runs) -> run_some(Cases, Free - 1, Runs ++ [start_run(Case)]).

start_run({Id, _, _} = Case) ->
    {Id, spawn_monitor(fun() -> exit({said, run(Case)}) end)}.

await_run({Id, {Pid, Monitor}}) ->
    receive
        {'DOWN', Monitor, process, Pid, {said, Lines}} -> {Id, Lines};
        {'DOWN', Monitor, process, Pid, Why} -> {Id, io_lib:format("broke ~0p~n", [Why])}
    after 60000 ->
        exit(Pid, kill),
        {Id, "hung\n"}
    end.

%% --- cases as text

parse(Block) ->
    [First | Lines] = string:split(Block, "\n", all),
    ["case", Id] = string:lexemes(binary_to_list(First), " "),
    Words = [{indentation(Line), [list_to_atom(W) || W <- string:lexemes(binary_to_list(Line), " ")]} || Line <- Lines],
    {Nodes, Steps} = lists:splitwith(fun({_, [Word | _]}) -> is_kind(Word) end, Words),
    {[Root], []} = parse_nodes(0, Nodes),
    {Id, Root, [Step || {_, Step} <- Steps]}.

is_kind(Word) -> lists:member(Word, [supervisor, dynamic, process]).

indentation(<<" ", Rest/binary>>) -> 1 + indentation(Rest);
indentation(_) -> 0.

parse_nodes(Depth, [{Depth, [Kind, Name | Options]} | Lines]) ->
    {Children, Behind} = parse_nodes(Depth + 2, Lines),
    {Siblings, Rest} = parse_nodes(Depth, Behind),
    {[#node{name = Name, kind = Kind, options = Options, children = Children} | Siblings], Rest};
parse_nodes(_, Lines) -> {[], Lines}.

%% The word behind `Key` among the options.
value(Key, #node{options = Options}, Default) ->
    case lists:dropwhile(fun(Word) -> Word =/= Key end, Options) of
        [Key, Value | _] -> Value;
        [] -> Default
    end.
integer(Key, Node, Default) -> list_to_integer(atom_to_list(value(Key, Node, list_to_atom(integer_to_list(Default))))).
one_of(Words, #node{options = Options}, Default) ->
    hd([Word || Word <- Options, lists:member(Word, Words)] ++ [Default]).

%% --- the tree: `Desk` is a table of what was said, by stamp; of what the next starts of a process do; of the name of
%% each process; and of the supervisor of each that is started at run time

init({Desk, Node}) ->
    put(desk, Desk),
    put(name, Node#node.name),
    put(kind, Node#node.kind),
    Flags = #{strategy => strategy(Node),
              intensity => integer(intensity, Node, 1),
              period => integer(period, Node, 5),
              auto_shutdown => value(auto_shutdown, Node, never)},
    {ok, {Flags, [child_spec(Desk, Child) || Child <- Node#node.children]}}.

strategy(#node{kind = dynamic}) -> simple_one_for_one;
strategy(Node) -> one_of([one_for_one, one_for_all, rest_for_one], Node, one_for_one).

child_spec(Desk, #node{kind = Kind, name = Name, options = Options} = Node) ->
    Spec = #{id => Name,
             restart => one_of([permanent, transient, temporary], Node, permanent),
             significant => lists:member(significant, Options)},
    case Kind of
        process -> Spec#{type => worker, start => {?MODULE, start_process, [Desk, Node]}, shutdown => shutdown(Node)};
        _ -> Spec#{type => supervisor, start => {?MODULE, start_supervisor, [Desk, Node]}}
    end.

shutdown(Node) ->
    case value(shutdown, Node, '5000') of
        Word when Word =:= brutal_kill; Word =:= infinity -> Word;
        _ -> integer(shutdown, Node, 5000)
    end.

start_supervisor(Desk, #node{name = Name} = Node) ->
    started(Desk, Name, supervisor:start_link(?MODULE, {Desk, Node})).

%% A child that is started at run time.
start_process(Desk, Pattern, Name) -> start_process(Desk, Pattern#node{name = Name}).

start_process(Desk, #node{name = Name} = Node) ->
    case next_start(Desk, Name) of
        ignore -> say(Desk, {declined, Name}), ignore;
        fail -> say(Desk, {failed, Name}), {error, told_to};
        Outcome ->
            Started = proc_lib:start_link(?MODULE, process, [self(), Desk, Node, Outcome]),
            end_at_once(Started, Outcome),
            started(Desk, Name, Started)
    end.

%% Ends a process whose supervisor we are, so that the end waits in the mailbox.
end_at_once(_, Outcome) when Outcome =:= ok; Outcome =:= fail_late -> ok;
end_at_once({ok, Pid}, Why) ->
    Pid ! {finish, Why},
    receive {'EXIT', Pid, _} = End -> self() ! End end.

started(Desk, Name, {ok, Pid}) ->
    ets:insert(Desk, {{name, Pid}, Name}),
    say(Desk, {started, Name, Pid}),
    {ok, Pid};
started(_, _, Error) -> Error.

next_start(Desk, Name) ->
    case ets:lookup(Desk, {starts, Name}) of
        [{Key, [Outcome | Rest]}] -> ets:insert(Desk, {Key, Rest}), Outcome;
        _ -> ok
    end.

process(_, Desk, #node{name = Name}, fail_late) ->
    say(Desk, {failed, Name}),
    exit(told_to);
process(Supervisor, _, Node, _) ->
    process_flag(trap_exit, true),
    proc_lib:init_ack(Supervisor, {ok, self()}),
    receive
        {finish, shutdown_with} -> exit({shutdown, told_to});
        {finish, kill} -> exit(self(), kill);
        {finish, Why} -> exit(Why);
        {'EXIT', Supervisor, shutdown} ->
            case value(on_stop, Node, obey) of
                obey -> exit(shutdown);
                crash -> exit(crash);
                slow -> timer:sleep(5), exit(shutdown);
                ignore -> receive never -> ok end
            end
    end.

%% The logger's handler. It runs in the process that reports.
log(#{msg := {report, #{label := {supervisor, What}, report := Report}}}, _) ->
    Offender = proplists:get_value(offender, Report),
    {id, Id} = lists:keyfind(id, 1, Offender),
    Child = offender(proplists:get_value(pid, Offender), Id),
    case {What, get(kind)} of
        {child_terminated, _} -> say(get(desk), {terminated, Child});
        {shutdown, _} -> say(get(desk), {gave_up, get(name), Child});
        {start_error, _} -> say(get(desk), {start_error, Child}), say_if_many_retries(Child);
        {shutdown_error, dynamic} ->  % one report for all that have ended so
            Why = class(proplists:get_value(reason, Report)),
            Count = proplists:get_value(nb_children, Offender, 1),
            [say(get(desk), {shutdown_error, Id, Why}) || _ <- lists:seq(1, Count)];
        {shutdown_error, _} -> say(get(desk), {shutdown_error, Child})
    end;
log(_, _) -> ok.

offender({restarting, Pid}, Id) -> offender(Pid, Id);
offender(Pid, Id) when is_pid(Pid) -> name_of(get(desk), Pid, Id);
offender(_, Id) -> Id.

name_of(Desk, Pid, Default) ->
    case ets:lookup(Desk, {name, Pid}) of
        [{_, Name}] -> Name;
        [] -> Default
    end.

%% A supervisor whose child's start has failed sends itself a message to try again. Says so if the mailbox will hold
%% three of them for one child, because each of two ends of siblings has had it started anew as well.
say_if_many_retries(Child) ->
    {messages, Messages} = process_info(self(), messages),
    case [again || {'$gen_cast', {try_again_restart, Name}} <- Messages, Name =:= Child] of
        [_, _ | _] -> say(get(desk), {many_retries, Child});
        _ -> ok
    end.

say(Desk, What) -> ets:insert(Desk, {erlang:unique_integer([monotonic]), What}).

%% --- the run of one case

run({_, Root, Steps}) ->
    process_flag(trap_exit, true),
    Desk = ets:new(desk, [ordered_set, public]),
    Listener = spawn_link(fun() -> listen(Desk) end),
    erlang:trace(self(), true, [procs, set_on_spawn, strict_monotonic_timestamp, {tracer, Listener}]),
    Begin = erlang:monotonic_time(millisecond),
    Waited = take_steps(Steps, Desk, Root, not_started),
    Late = erlang:monotonic_time(millisecond) - Begin - Waited,
    Delivered = erlang:trace_delivered(all),
    receive {trace_delivered, all, Delivered} -> ok end,
    Listener ! {flush, self()},
    receive flushed -> ok end,
    Said = [What || {Stamp, What} <- ets:tab2list(Desk), is_integer(Stamp)],
    Names = maps:from_list([{Pid, Name} || {started, Name, Pid} <- Said]),
    [[line(What, Names) || What <- Said], io_lib:format("late ~b~n", [Late])].

listen(Desk) ->
    receive
        {trace_ts, Pid, exit, Why, {_, Stamp}} -> ets:insert(Desk, {Stamp, {ended, Pid, Why}});
        {flush, From} -> From ! flushed;
        _ -> ok
    end,
    listen(Desk).

line({started, Name, _}, _) -> io_lib:format("started ~s~n", [Name]);
line({ended, Pid, Why}, Names) ->
    case Names of
        #{Pid := Name} -> io_lib:format("ended ~s ~s~n", [Name, class(Why)]);
        _ -> ""  % it never started, or it is no part of the tree
    end;
line({gave_up, Name, Child}, _) -> io_lib:format("gave_up ~s ~s~n", [Name, Child]);
line({shutdown_error, Child, Why}, _) -> io_lib:format("shutdown_error ~s ~s~n", [Child, Why]);
line({answered, Name, Answer}, _) -> io_lib:format("answered ~s ~s~n", [Name, Answer]);
line({What, Name}, _) -> io_lib:format("~s ~s~n", [What, Name]).

class({shutdown, _}) -> shutdown;
class(Why) when Why =:= normal; Why =:= shutdown; Why =:= killed -> Why;
class(_) -> crashed.

%% Takes the steps until there are none, or the tree has ended. Answers how long they wait.
take_steps([], _, _, _) -> 0;
take_steps([Step | Steps], Desk, Node, Root) ->
    case Step of
        [next, Name | Outcomes] -> ets:insert(Desk, {{starts, Name}, Outcomes});
        _ -> say(Desk, {step, lists:join(" ", [atom_to_list(Word) || Word <- Step])})
    end,
    case take(Step, Desk, Node, Root) of
        ended -> 0;
        {waited, Time} -> Time + take_steps(Steps, Desk, Node, Root);
        NewRoot -> take_steps(Steps, Desk, Node, NewRoot)
    end.

take([next | _], _, _, Root) -> Root;
take([start], Desk, #node{name = Name} = Node, not_started) ->
    case start_supervisor(Desk, Node) of
        {ok, Pid} -> settled(Desk, {Name, Pid});
        {error, _} -> say(Desk, {not_started, Name}), ended
    end;
take([wait, Time], _, _, _) ->
    Milliseconds = list_to_integer(atom_to_list(Time)),
    timer:sleep(Milliseconds),
    {waited, Milliseconds};
take([finish, Name, Why], Desk, _, Root) ->
    await([finish(Desk, running(Desk, Root), Name, Why)]),
    settled(Desk, Root);
take([together, Supervisor | Deaths], Desk, _, Root) ->
    Running = running(Desk, Root),
    await(at_once(Running, Supervisor, fun(Pid) -> finish_all(Desk, Running, Pid, Deaths) end)),
    settled(Desk, Root);
take([start_child, Supervisor | Starts], Desk, _, Root) ->
    case running(Desk, Root) of
        #{Supervisor := _} = Running ->
            Requests = at_once(Running, Supervisor, fun(Pid) -> start_all(Desk, Supervisor, Pid, Starts) end),
            Answers = await(Requests),
            Still = settled(Desk, Root),
            [say(Desk, {answered, Name, Answer}) || {Name, Answer} <- Answers],
            Still;
        _ -> say(Desk, {not_running, Supervisor}), Root
    end;
take([stop | Deaths], Desk, _, {_, Pid} = Root) ->
    %% A suspended supervisor obeys its parent before it takes up the ends that wait in its mailbox.
    Running = running(Desk, Root),
    Deaths =:= [] orelse sys:suspend(Pid),
    finish_all(Desk, Running, Pid, Deaths),
    exit(Pid, shutdown),
    receive {'EXIT', Pid, _} -> ended end.

%% Does something to a supervisor while it is suspended, if it runs, so that it hears of all of it in order.
at_once(Running, Supervisor, Do) ->
    case Running of
        #{Supervisor := Pid} ->
            sys:suspend(Pid),
            Done = Do(Pid),
            sys:resume(Pid),
            Done;
        _ -> Do(none)
    end.

%% Ends children of a suspended supervisor. Answers what was requested of it.
finish_all(_, _, _, []) -> [];
finish_all(Desk, Running, Supervisor, [Name, Why | Deaths]) ->
    Asked = case Running of
        #{Name := _} -> queued(Supervisor, fun() -> finish(Desk, Running, Name, Why) end);
        _ -> finish(Desk, Running, Name, Why)
    end,
    [Asked | finish_all(Desk, Running, Supervisor, Deaths)].

%% Asks a suspended supervisor for children.
start_all(_, _, _, []) -> [];
start_all(Desk, Supervisor, Pid, [Name, Outcome | Starts]) ->
    ets:insert(Desk, [{{starts, Name}, [Outcome]}, {{supervisor, Name}, Supervisor}]),
    Asked = queued(Pid, fun() -> request(Name, fun() -> supervisor:start_child(Pid, [Name]) end) end),
    [Asked | start_all(Desk, Supervisor, Pid, Starts)].

%% Returns when what it does has put a message into the mailbox.
queued(Supervisor, Do) ->
    {message_queue_len, Length} = process_info(Supervisor, message_queue_len),
    Done = Do(),
    await_length(Supervisor, Length + 1),
    Done.

%% Makes a request of a supervisor from a process of its own.
request(Name, Ask) -> {Name, spawn_monitor(fun() -> exit({answer, catch Ask()}) end)}.

%% The answers to requests.
await(Requests) -> [{Name, await_answer(Pid, Monitor)} || {Name, {Pid, Monitor}} <- Requests].

await_answer(Pid, Monitor) ->
    receive
        {'DOWN', Monitor, process, Pid, {answer, {ok, undefined}}} -> declined;
        {'DOWN', Monitor, process, Pid, {answer, {ok, _}}} -> ok;
        {'DOWN', Monitor, process, Pid, {answer, {error, _}}} -> failed;
        {'DOWN', Monitor, process, Pid, {answer, _}} -> noproc
    end.

await_length(Pid, Length) ->
    case process_info(Pid, message_queue_len) of
        {message_queue_len, Length} -> ok;
        _ -> erlang:yield(), await_length(Pid, Length)
    end.

finish(Desk, Running, Name, Why) ->
    case Running of
        #{Name := Pid} when Why =:= terminate ->
            [{_, Supervisor}] = ets:lookup(Desk, {supervisor, Name}),
            request(Name, fun() -> supervisor:terminate_child(maps:get(Supervisor, Running), Pid) end);
        #{Name := Pid} ->
            Monitor = monitor(process, Pid),
            Pid ! {finish, Why},
            receive {'DOWN', Monitor, process, Pid, _} -> nothing_asked end;
        _ -> say(Desk, {not_running, Name}), nothing_asked
    end.

%% Waits until nothing is left to do: every supervisor has answered, and lists neither a dead child, whose end it has
%% not handled yet, nor one that it tries to restart.
settled(Desk, {_, Pid} = Root) ->
    receive
        {'EXIT', Pid, _} -> ended
    after 0 ->
        try running(Desk, Root) of
            _ -> Root
        catch
            busy -> erlang:yield(), settled(Desk, Root)
        end
    end.

%% What runs, by name.
running(Desk, {Name, Pid}) -> maps:from_list(walk(Desk, Name, Pid, supervisor)).

walk(_, _, undefined, _) -> [];
walk(_, _, restarting, _) -> throw(busy);
walk(Desk, undefined, Pid, Kind) -> walk(Desk, name_of(Desk, Pid, unnamed), Pid, Kind);
walk(Desk, Name, Pid, Kind) ->
    is_process_alive(Pid) orelse throw(busy),
    Children = [Child || Kind =:= supervisor, Child <- children(Pid)],
    [{Name, Pid} | [Found || {N, P, K, _} <- Children, Found <- walk(Desk, N, P, K)]].

children(Supervisor) ->
    try
        supervisor:which_children(Supervisor)
    catch
        exit:_ -> throw(busy)
    end.
