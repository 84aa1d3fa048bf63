// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/check/links.hpp>
#include <string_view>

// Text about a tree, made by the compiler.
namespace espalier::detail {

/// How names are written where some characters have a meaning.
enum class quoting : unsigned char { none, dot, mermaid };

/// Writes text, or only counts it while there is no buffer.
class text_writer {
 public:
  constexpr explicit text_writer(char* out = nullptr, quoting q = quoting::none) : out_(out), quoting_(q) {}

  constexpr void add(std::string_view text) { add(text.data(), text.size()); }
  constexpr void add(char const* text, std::size_t size) {
    if (out_ != nullptr) {
      for (std::size_t i = 0; i != size; ++i) out_[size_ + i] = text[i];
    }
    size_ += size;
  }
  constexpr void add(char c) {
    if (out_ != nullptr) out_[size_] = c;
    ++size_;
  }
  constexpr void add(type_name const& name) {
    if (quoting_ == quoting::none) return add(name.text, name.size);
    for (std::size_t i = 0; i != name.size; ++i) add_quoted(name.text[i]);
  }
  constexpr void add(unsigned long long n) {
    if (n >= 10) add(n / 10);
    add(static_cast<char>('0' + n % 10));
  }
  constexpr void add(long long n) {
    if (n >= 0) return add(static_cast<unsigned long long>(n));
    add('-');
    add(0 - static_cast<unsigned long long>(n));
  }
  /// A duration in the largest unit that leaves no fraction.
  constexpr void add(duration d) {
    if (d == infinity) return add("infinity");
    struct unit {
      std::int64_t size;
      std::string_view name;
    };
    constexpr unit units[] = {{3'600'000'000'000, " h"},
                              {60'000'000'000, " min"},
                              {1'000'000'000, " s"},
                              {1'000'000, " ms"},
                              {1'000, " us"}};
    for (unit const& u : units) {
      if (d.nanoseconds != 0 && d.nanoseconds % u.size == 0) {
        add(static_cast<long long>(d.nanoseconds / u.size));
        return add(u.name);
      }
    }
    add(static_cast<long long>(d.nanoseconds));
    add(d.nanoseconds == 0 ? " s" : " ns");
  }
  constexpr void add_spaces(std::size_t n) {
    if (out_ == nullptr) {
      size_ += n;
    } else {
      for (; n != 0; --n) add(' ');
    }
  }

  constexpr std::size_t size() const { return size_; }

 private:
  constexpr void add_quoted(char c) {
    if (quoting_ == quoting::dot) {
      if (c == '"' || c == '\\') add('\\');
      return add(c);
    }
    switch (c) {
      case '"':
        return add("#quot;");
      case '<':
        return add("#lt;");
      case '>':
        return add("#gt;");
      case '&':
        return add("#amp;");
      case '#':
        return add("#35;");
      default:
        return add(c);
    }
  }

  char* out_;
  std::size_t size_ = 0;
  quoting quoting_;
};

constexpr std::string_view word(strategy_kind s) {
  return s == strategy_kind::one_for_one   ? "one_for_one"
         : s == strategy_kind::one_for_all ? "one_for_all"
                                           : "rest_for_one";
}
constexpr std::string_view word(overflow o) {
  return o == overflow::suspend       ? "suspend"
         : o == overflow::drop_newest ? "drop_newest"
         : o == overflow::drop_oldest ? "drop_oldest"
                                      : "crash";
}
constexpr std::string_view word(restart_kind r) {
  return r == restart_kind::permanent   ? "permanent"
         : r == restart_kind::transient ? "transient"
                                        : "temporary";
}
constexpr std::string_view word(edge_kind k) {
  return k == edge_kind::calls    ? "calls"
         : k == edge_kind::casts  ? "casts"
         : k == edge_kind::starts ? "starts"
                                  : "restarts_with";
}

/// What a reader calls a node: its type's name, or its number where a supervisor was not derived from.
constexpr void write_name(text_writer& out, record const& r) {
  if (r.named) return out.add(*r.name);
  if (r.parent == no_node) return out.add("supervisor");
  out.add("supervisor ");
  out.add(static_cast<unsigned long long>(r.number + 1));
}

/// What `Writer::write(out, first, last)` writes about records, with names as `Writer::quotes` says.
template <class T, class Writer>
struct text_batches : batches<T> {
  template <std::size_t Batch>
  static constexpr auto batch = [] {
    constexpr auto write = [](text_writer& out) {
      Writer::write(out, batches<T>::begin(Batch), batches<T>::end(Batch));
    };
    constexpr std::size_t size = [write] {
      text_writer count(nullptr, Writer::quotes);
      write(count);
      return count.size();
    }();
    std::array<char, size + 1> text{};
    text_writer out(text.data(), Writer::quotes);
    write(out);
    return text;
  }();
};
template <class T, class Writer>
inline constexpr auto const& joined_text = joined<text_batches<T, Writer>>;

/// What a writer writes about all records of the tree `T`.
template <class T, class Writer>
inline constexpr std::string_view text_by{joined_text<T, Writer>.data(), joined_text<T, Writer>.size() - 1};

}  // namespace espalier::detail
