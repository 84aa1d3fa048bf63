// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
//
// What the compiler knows about a tree: rules that refuse it, and questions about it.
#pragma once

#include <espalier/check/diagram.hpp>
#include <espalier/check/diagram_dot.hpp>
#include <espalier/check/diagram_mermaid.hpp>
#include <espalier/check/escalation.hpp>
#include <espalier/check/explain.hpp>
#include <espalier/check/findings.hpp>
#include <espalier/check/questions.hpp>
#include <espalier/check/sentences.hpp>
