// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
//
// What the code of a process needs: contexts, messages, replies, tasks, reasons.
#pragma once

#include <espalier/process/administration.hpp>
#include <espalier/process/answer.hpp>
#include <espalier/process/atomics.hpp>
#include <espalier/process/blocks.hpp>
#include <espalier/process/call_checks.hpp>
#include <espalier/process/context.hpp>
#include <espalier/process/custody.hpp>
#include <espalier/process/envelope.hpp>
#include <espalier/process/exit_reason.hpp>
#include <espalier/process/incarnation.hpp>
#include <espalier/process/life.hpp>
#include <espalier/process/message.hpp>
#include <espalier/process/operations.hpp>
#include <espalier/process/plain_mail.hpp>
#include <espalier/process/process_check.hpp>
#include <espalier/process/ref.hpp>
#include <espalier/process/task.hpp>
