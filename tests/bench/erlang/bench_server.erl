-module(bench_server).
-behaviour(gen_server).
-export([start_link/0, init/1, handle_call/3, handle_cast/2]).

start_link() -> gen_server:start_link(?MODULE, [], []).
init([]) -> {ok, nothing}.
handle_call({next, I}, _From, State) -> {reply, I + 1, State}.
handle_cast(_, State) -> {noreply, State}.
