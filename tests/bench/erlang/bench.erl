%% The rows on Erlang/OTP: erl +S N:N -noshell -s bench main ROW COUNT prints a line for each measurement,
%% name<TAB>value<TAB>unit, and ends with 1 if its counts do not add up.
-module(bench).
-behaviour(supervisor).
-export([main/1, init/1, start_mayfly/1, start_member/1, mayfly/2, member/2]).
-export([ping/3, pong/2]).

main([Row, Count]) ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    Status =
        try
            [io:format("~s\t~.4f\t~s~n", [Name, float(Value), Unit])
             || {Name, Value, Unit} <- run(list_to_atom(Row), list_to_integer(Count))],
            0
        catch
            Class:Reason:Stack ->
                io:format(standard_error, "~s: ~p ~p ~p~n", [Row, Class, Reason, Stack]),
                1
        end,
    erlang:halt(Status).

now_ns() -> erlang:monotonic_time(nanosecond).
result() -> receive {result, R} -> R after 50000 -> error(timeout) end.
expect(_, Same, Same) -> ok;
expect(What, Got, Expected) -> error({What, Got, Expected}).
sum_to(N) -> N * (N + 1) div 2.

%% ping-pong
run(ping_pong, N) ->
    Main = self(),
    Pong = spawn_link(?MODULE, pong, [Main, 0]),
    spawn_link(?MODULE, ping, [Main, Pong, N]),
    {Took, Sum} = result(),
    Pong ! stop,
    expect(hits, result(), N),
    expect(sum, Sum, sum_to(N)),
    [{"ping_pong", Took / N, "ns"}];

run(counting, N) ->
    Main = self(),
    Counter = spawn_opt(fun() -> counter(0, 0) end, [link, {message_queue_data, off_heap}]),
    spawn_link(fun() ->
        Begin = now_ns(),
        count_to(Counter, 1, N),
        Counter ! {total, self()},
        Answer = receive {sum, Messages, Sum} -> {Messages, Sum} end,
        Main ! {result, {now_ns() - Begin, Answer}}
    end),
    {Took, Answer} = result(),
    expect(total, Answer, {N, sum_to(N)}),
    [{"counting", Took / N, "ns"}];

run(ring_100, N) -> [{"ring_100", ring(100, N), "ns"}];
run(ring_503, N) -> [{"ring_503", ring(503, N), "ns"}];

run(fork_join, N) ->
    Main = self(),
    Each = N div 60,
    spawn_link(fun() ->
        Master = self(),
        Workers = [spawn_opt(fun() -> worker(Master, Each, 0, 0) end, [link, {message_queue_data, off_heap}])
                   || _ <- lists:seq(1, 60)],
        Begin = now_ns(),
        fork(Workers, 1, Each),
        Sums = [receive {joined, Messages, Sum} -> {Messages, Sum} end || _ <- Workers],
        Main ! {result, {now_ns() - Begin, Sums}}
    end),
    {Took, Sums} = result(),
    [expect(worker, S, {Each, sum_to(Each)}) || S <- Sums],
    [{"fork_join", Took / (Each * 60), "ns"}];

run(create, N) ->
    Main = self(),
    Collector = spawn_link(fun() -> collector(Main, N, 0) end),
    Begin = now_ns(),
    spawn_link(fun() -> create(Collector, N) end),
    {End, Sum} = result(),
    expect(sum, Sum, sum_to(N)),
    [{"create", (End - Begin) / N, "ns"}];

run(idle_process, N) ->
    Main = self(),
    Collector = spawn_link(fun() -> collector(Main, N, 0) end),
    Before = resident(),
    spawn_link(fun() -> crowd(Collector, N), receive never -> ok end end),
    {_, Sum} = result(),
    After = resident(),
    expect(sum, Sum, sum_to(N)),
    [{"idle_process", (After - Before) / N, "bytes"}];

run(big, N) ->
    Each = N div 64,
    Main = self(),
    Players = [spawn_link(fun() -> player(Main) end) || _ <- lists:seq(1, 64)],
    Begin = now_ns(),
    [P ! {start, lists:delete(P, Players), Each} || P <- Players],
    [receive {result, finished} -> ok after 50000 -> error(timeout) end || _ <- Players],
    Took = now_ns() - Begin,
    [P ! stop || P <- Players],
    Pings = [receive {pings, Count} -> Count end || _ <- Players],
    expect(pings, lists:sum(Pings), Each * 64),
    [{"big", Took / (2 * Each * 64), "ns"}];

run(call, N) ->
    {ok, Server} = bench_server:start_link(),
    Main = self(),
    spawn_link(fun() ->
        Begin = now_ns(),
        Sum = calls(Server, 0, N, 0),
        Main ! {result, {now_ns() - Begin, Sum}}
    end),
    {Took, Sum} = result(),
    expect(sum, Sum, sum_to(N)),
    [{"call", Took / N, "ns"}];

run(restart_one, N) -> [{"restart_one", restart(one_for_one, 1, N, N, 0), "us"}];
run(restart_all, N) -> [{"restart_all", restart(one_for_all, 10, N, N, 0), "us"}];

run(timers, N) ->
    Delays = [1 + I * 7919 rem 1000 || I <- lists:seq(0, N - 1)],
    Begin = now_ns(),
    Refs = [erlang:send_after(D, self(), ring) || D <- Delays],
    Started = now_ns(),
    Half = every_second(Refs),
    Middle = now_ns(),
    Cancelled = cancel(Half, 0),
    End = now_ns(),
    [receive ring -> ok after 5000 -> error(timer_lost) end || _ <- lists:seq(1, N - Cancelled)],
    receive ring -> error(too_many_timers) after 10 -> ok end,
    [{"timer_start", (Started - Begin) / N, "ns"}, {"timer_cancel", (End - Middle) / length(Half), "ns"}];

run(ordered_stop, N) ->
    {ok, Sup} = supervisor:start_link(?MODULE, {one_for_one, member, N, [self()]}),
    unlink(Sup),
    Begin = now_ns(),
    Ref = monitor(process, Sup),
    exit(Sup, shutdown),
    receive {'DOWN', Ref, process, Sup, _} -> ok end,
    Took = now_ns() - Begin,
    Order = [receive {stopped, I} -> I after 0 -> error(no_terminate) end || _ <- lists:seq(1, N)],
    expect(order, Order, lists:seq(N, 1, -1)),
    [{"ordered_stop", Took / 1000, "us"}];

run(idle_cpu, Seconds) ->
    Main = self(),
    [spawn_link(fun() -> receive never -> ok end end) || _ <- lists:seq(1, 1000)],
    Metronome = spawn_link(fun() -> erlang:send_after(100, self(), tick), metronome(Main, 0) end),
    Before = processor_time(),
    timer:sleep(Seconds * 1000),
    Used = processor_time() - Before,
    Metronome ! asked,
    Ticks = result(),
    expect(ticks, abs(Ticks - 10 * Seconds) =< 2 orelse Ticks, true),
    [{"idle_cpu", Used / 1000 / Seconds, "us/s"}].

ping(Main, Pong, N) ->
    Begin = now_ns(),
    Pong ! {there, self(), 1},
    ping_loop(Main, Pong, N, Begin, 0).
ping_loop(Main, Pong, N, Begin, Sum) ->
    receive
        {back, N} -> Main ! {result, {now_ns() - Begin, Sum + N}};
        {back, I} ->
            Pong ! {there, self(), I + 1},
            ping_loop(Main, Pong, N, Begin, Sum + I)
    end.
pong(Main, Hits) ->
    receive
        {there, From, I} ->
            From ! {back, I},
            pong(Main, Hits + 1);
        stop -> Main ! {result, Hits}
    end.

%% A process that sends is preempted by reductions, which is Erlang's turn.
count_to(_, I, N) when I > N -> ok;
count_to(Counter, I, N) ->
    Counter ! {add, I},
    count_to(Counter, I + 1, N).
counter(Messages, Sum) ->
    receive
        {add, I} -> counter(Messages + 1, Sum + I);
        {total, From} -> From ! {sum, Messages, Sum}
    end.

ring(Size, N) ->
    Main = self(),
    First = spawn_link(fun() -> node(Main, receive {next, P} -> P end, 0) end),
    Last = lists:foldl(fun(_, Next) -> spawn_link(fun() -> node(Main, Next, 0) end) end, First,
                       lists:seq(1, Size - 1)),
    First ! {next, Last},
    Begin = now_ns(),
    First ! {hop, N - 1},
    End = result(),
    First ! {add_up, 0, Size},
    expect(hops, result(), N),
    (End - Begin) / N.
node(Main, Next, Visits) ->
    receive
        {hop, 0} ->
            Main ! {result, now_ns()},
            node(Main, Next, Visits + 1);
        {hop, Left} ->
            Next ! {hop, Left - 1},
            node(Main, Next, Visits + 1);
        {add_up, Sum, 1} -> Main ! {result, Sum + Visits};
        {add_up, Sum, Left} ->
            Next ! {add_up, Sum + Visits, Left - 1},
            node(Main, Next, Visits)
    end.

fork(_, I, Each) when I > Each -> ok;
fork(Workers, I, Each) ->
    send_all(Workers, I),
    fork(Workers, I + 1, Each).
send_all([], _) -> ok;
send_all([W | Rest], I) ->
    W ! {work, I},
    send_all(Rest, I).
worker(Master, Each, Messages, Sum) ->
    receive
        {work, Each} -> Master ! {joined, Messages + 1, Sum + Each};
        {work, I} -> worker(Master, Each, Messages + 1, Sum + I)
    end.

collector(Main, 0, Sum) -> Main ! {result, {now_ns(), Sum}};
collector(Main, Left, Sum) -> receive {done, I} -> collector(Main, Left - 1, Sum + I) end.

create(_, 0) -> ok;
create(Collector, I) ->
    P = spawn(fun() -> receive {visit, Number} -> Collector ! {done, Number} end end),
    P ! {visit, I},
    create(Collector, I - 1).
crowd(_, 0) -> ok;
crowd(Collector, I) ->
    P = spawn(fun() -> idle(Collector) end),
    P ! {visit, I},
    crowd(Collector, I - 1).
idle(Collector) ->
    receive
        {visit, Number} ->
            Collector ! {done, Number},
            idle(Collector)
    end.

player(Main) ->
    receive
        {start, Others, Each} ->
            Sent = round(Others, Each),
            play(Main, Others, Each - Sent, Sent, 0);
        {ping, From} ->
            From ! pong,
            self() ! {early, 1},
            player(Main)
    end.
%% Pings that came before the start are counted by a message of their own.
play(Main, _, 0, 0, Pings) ->
    Main ! {result, finished},
    rest(Main, Pings);
play(Main, Others, Left, 0, Pings) ->
    Sent = round(Others, Left),
    play(Main, Others, Left - Sent, Sent, Pings);
play(Main, Others, Left, Waiting, Pings) ->
    receive
        {ping, From} ->
            From ! pong,
            play(Main, Others, Left, Waiting, Pings + 1);
        pong -> play(Main, Others, Left, Waiting - 1, Pings);
        {early, N} -> play(Main, Others, Left, Waiting, Pings + N)
    end.
rest(Main, Pings) ->
    receive
        {ping, From} ->
            From ! pong,
            rest(Main, Pings + 1);
        {early, N} -> rest(Main, Pings + N);
        stop -> Main ! {pings, Pings}
    end.
round(Others, Left) -> round(Others, Left, 0).
round([], _, Sent) -> Sent;
round(_, 0, Sent) -> Sent;
round([P | Rest], Left, Sent) ->
    P ! {ping, self()},
    round(Rest, Left - 1, Sent + 1).

calls(_, N, N, Sum) -> Sum;
calls(Server, I, N, Sum) -> calls(Server, I + 1, N, Sum + gen_server:call(Server, {next, I})).

%% One supervisor for each 200 restarts, because the time of a restart grows with how many there were.
restart(_, _, N, 0, Took) -> Took / 1000 / N;
restart(Strategy, Size, N, Left, Took) ->
    Batch = min(200, Left),
    {ok, Sup} = supervisor:start_link(?MODULE, {Strategy, mayfly, Size, [self()]}),
    Last = announced(Size, none),
    Spent = crashes(Last, Size, Batch, 0),
    unlink(Sup),
    Ref = monitor(process, Sup),
    exit(Sup, shutdown),
    receive {'DOWN', Ref, process, Sup, _} -> ok end,
    restart(Strategy, Size, N, Left - Batch, Took + Spent).
crashes(_, _, 0, Spent) -> Spent;
crashes(Last, Size, Left, Spent) ->
    Last ! {crash, self()},
    Thrown = receive {thrown, At} -> At end,
    Next = announced(Size, none),
    Next = gen_ask(Next),
    Spent1 = Spent + now_ns() - Thrown,
    crashes(Next, Size, Left - 1, Spent1).
announced(0, Last) -> Last;
announced(Left, _) -> receive {up, Pid} -> announced(Left - 1, Pid) after 5000 -> error(not_restarted) end.
gen_ask(Pid) ->
    Pid ! {ask, self()},
    receive {me, Pid} -> Pid after 5000 -> error(no_answer) end.

start_mayfly(Main) -> {ok, proc_lib:spawn_link(?MODULE, mayfly, [Main, up])}.
mayfly(Main, up) ->
    Main ! {up, self()},
    mayfly(Main, loop);
mayfly(Main, loop) ->
    receive
        {crash, From} ->
            From ! {thrown, now_ns()},
            error(as_asked);
        {ask, From} ->
            From ! {me, self()},
            mayfly(Main, loop)
    end.

start_member([Main, Number]) ->
    Pid = proc_lib:spawn_link(?MODULE, member, [Main, Number]),
    Ref = monitor(process, Pid),
    Pid ! {up, self()},
    receive {up, Pid} -> demonitor(Ref, [flush]), {ok, Pid} end.
member(Main, Number) ->
    process_flag(trap_exit, true),
    receive {up, From} -> From ! {up, self()} end,
    receive
        {'EXIT', _, shutdown} ->
            Main ! {stopped, Number},
            exit(shutdown)
    end.

init({Strategy, mayfly, Size, Args}) ->
    {ok, {#{strategy => Strategy, intensity => 1000000, period => 1},
          [#{id => I, start => {?MODULE, start_mayfly, Args}} || I <- lists:seq(1, Size)]}};
init({Strategy, member, Size, [Main]}) ->
    {ok, {#{strategy => Strategy},
          [#{id => I, start => {?MODULE, start_member, [[Main, I]]}} || I <- lists:seq(1, Size)]}}.

metronome(Main, Ticks) ->
    receive
        tick ->
            erlang:send_after(100, self(), tick),
            metronome(Main, Ticks + 1);
        asked -> Main ! {result, Ticks}
    end.

every_second([A, _ | Rest]) -> [A | every_second(Rest)];
every_second(Rest) -> Rest.
cancel([], N) -> N;
cancel([Ref | Rest], N) ->
    case erlang:cancel_timer(Ref) of
        false -> cancel(Rest, N);
        _ -> cancel(Rest, N + 1)
    end.

resident() ->
    {ok, Text} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = string:lexemes(Text, " "),
    binary_to_integer(Pages) * 4096.
%% Nanoseconds of all threads.
processor_time() ->
    {ok, Threads} = file:list_dir("/proc/self/task"),
    lists:sum([thread_time(T) || T <- Threads]).
thread_time(T) ->
    case file:read_file("/proc/self/task/" ++ T ++ "/schedstat") of
        {ok, Text} -> binary_to_integer(hd(string:lexemes(Text, " ")));
        _ -> 0
    end.
