// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
//
// Where a tree runs. Ordinary code over records; users rarely include this.
#pragma once

#include <espalier/runtime/address.hpp>
#include <espalier/runtime/bond.hpp>
#include <espalier/runtime/bond_table.hpp>
#include <espalier/runtime/branch.hpp>
#include <espalier/runtime/deadline.hpp>
#include <espalier/runtime/depot.hpp>
#include <espalier/runtime/dynamic_node.hpp>
#include <espalier/runtime/engine.hpp>
#include <espalier/runtime/fault_injector.hpp>
#include <espalier/runtime/hand_over.hpp>
#include <espalier/runtime/host.hpp>
#include <espalier/runtime/instance.hpp>
#include <espalier/runtime/left_behind.hpp>
#include <espalier/runtime/lives.hpp>
#include <espalier/runtime/mailbox.hpp>
#include <espalier/runtime/next_slot.hpp>
#include <espalier/runtime/node.hpp>
#include <espalier/runtime/notice_inbox.hpp>
#include <espalier/runtime/observer.hpp>
#include <espalier/runtime/one_taker.hpp>
#include <espalier/runtime/outside_call.hpp>
#include <espalier/runtime/pace.hpp>
#include <espalier/runtime/parking.hpp>
#include <espalier/runtime/place.hpp>
#include <espalier/runtime/place_plan.hpp>
#include <espalier/runtime/pool.hpp>
#include <espalier/runtime/populate.hpp>
#include <espalier/runtime/process_services.hpp>
#include <espalier/runtime/question.hpp>
#include <espalier/runtime/recent_clock.hpp>
#include <espalier/runtime/report.hpp>
#include <espalier/runtime/room_waiter.hpp>
#include <espalier/runtime/run_queue.hpp>
#include <espalier/runtime/scheduler.hpp>
#include <espalier/runtime/short_lock.hpp>
#include <espalier/runtime/spin.hpp>
#include <espalier/runtime/supervisor_node.hpp>
#include <espalier/runtime/timed_mails.hpp>
#include <espalier/runtime/timer_wheel.hpp>
#include <espalier/runtime/timers.hpp>
#include <espalier/runtime/timing.hpp>
#include <espalier/runtime/wheel.hpp>
#include <espalier/runtime/work_ring.hpp>
