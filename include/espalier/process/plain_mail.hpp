// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <espalier/process/envelope.hpp>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace espalier::runtime {

/// A small message without an envelope: a copy of its bytes, and nothing to be done when it is dropped.
struct plain_mail {
  static constexpr std::size_t room = 16;  // bytes

  // Words, so that they are passed on in registers.
  std::uint64_t first;
  std::uint64_t second;
  /// Puts it into an envelope. Throws `std::bad_alloc`.
  envelope* (*in_envelope)(plain_mail const&);
};

/// Whether a message is small and plain enough for that.
template <class M>
inline constexpr bool is_plain =
    std::is_trivially_copyable_v<M>&& std::is_trivially_move_constructible_v<M> &&
    sizeof(M) <= plain_mail::room && alignof(M) <= plain_mail::room;

/// Such a message, whose envelope is to be an `Envelope`.
template <class Envelope, class M>
plain_mail as_plain(M const& m) {
  std::uint64_t words[2] = {};
  if constexpr (!std::is_empty_v<M>) std::memcpy(words, std::addressof(m), sizeof(M));
  return {words[0], words[1], [](plain_mail const& mail) -> envelope* {
            const std::uint64_t sent[2] = {mail.first, mail.second};
            alignas(M) std::byte copy[sizeof(M)];
            std::memcpy(copy, sent, sizeof(M));
            return new Envelope(std::in_place, std::move(*std::launder(reinterpret_cast<M*>(copy))));
          }};
}

}  // namespace espalier::runtime
