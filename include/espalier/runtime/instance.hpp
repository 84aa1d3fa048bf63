// Copyright the Espalier authors. Boost Software License 1.0 (see LICENSE).
#pragma once

#include <espalier/runtime/place.hpp>
#include <memory>

namespace espalier::runtime {

/// What a dynamic supervisor knows of a child that is a supervisor, with all below it.
class instance {
 public:
  instance() = default;
  instance(instance const&) = delete;
  instance& operator=(instance const&) = delete;
  virtual ~instance() = default;

  virtual node& root() = 0;
  /// The first process in it, by which a `ref` finds it.
  virtual place& first() = 0;
  /// The child is gone for good: another one may take over, and is not reached by what led to this one.
  virtual void give_up_generation() = 0;

  // From the simulation.
  virtual bool holds_nothing() const = 0;
  virtual bool is_settled() const = 0;
  virtual std::size_t left_behind_count() const = 0;
};

/// Makes such children.
class instance_maker {
 public:
  /// Of the record `pattern`, for `told`, whose child of that number it is.
  virtual std::unique_ptr<instance> make(record const& pattern, parent& told,
                                         plan::child_index number) const = 0;

 protected:
  ~instance_maker() = default;
};

}  // namespace espalier::runtime
