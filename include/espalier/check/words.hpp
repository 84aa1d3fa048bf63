// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/tree/duration.hpp>

// The words that sentences are made of: templates without bodies.
namespace espalier {

/// Always false: the subject, what is wrong with it, and where it stands.
template <class... Sentence>
inline constexpr bool ill_formed = false;

template <class Supervisor>
struct under;

struct is_not_a_supervisor;
template <class List>
struct names;
struct which_is_no_list;
struct is_not_a_process;
struct has_no_children;
struct has_not_one_process;
template <long long N>
struct invalid_max_children;
template <class Name>
struct starts_children_of;
template <class Option>
struct unknown_option;
template <class Option>
struct option_does_not_fit;
template <class Option>
struct option_given_twice;
template <long long N>
struct invalid_intensity;
template <duration D>
struct invalid_period;
template <duration D>
struct invalid_shutdown;
template <duration D>
struct invalid_start_limit;
template <duration First, duration Max>
struct invalid_backoff;
template <long long Size>
struct invalid_mailbox;
template <long long N>
struct intensity_of;
template <class Name>
struct duplicate_child_name;
template <class... Options>
struct bad_combination;
struct auto_shutdown_never;
template <duration D>
struct stops_within;
struct has_nothing_significant;
template <class Name>
struct restart_of;
template <long long Size>
struct suspends_senders;
template <class Name>
struct calls;
template <class Name>
struct casts;
template <class Name>
struct must_restart_with;
struct which_is_not_in_scope;
struct which_is_ambiguous;
struct which_is_itself;
struct which_starts_later;
struct which_is_temporary;
struct which_is_above_it;
struct which_leads_back;

}  // namespace espalier
