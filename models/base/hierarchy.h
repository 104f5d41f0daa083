// Where models are in SystemC's hierarchy when they are made outside of their parent's constructor.
#pragma once

#include <systemc>

namespace cardvp {

// Models made while this lives are children of `parent`.
class InHierarchy {
 public:
#if IEEE_1666_SYSTEMC >= 202301L
  explicit InHierarchy(sc_core::sc_module& parent) : scope_(parent.get_hierarchy_scope()) {}

 private:
  sc_core::sc_hierarchy_scope scope_;
#else
  explicit InHierarchy(sc_core::sc_module& parent) : context_(*parent.simcontext()) {
    context_.hierarchy_push(&parent);
  }
  ~InHierarchy() { context_.hierarchy_pop(); }

 private:
  sc_core::sc_simcontext& context_;
#endif
};

}  // namespace cardvp
