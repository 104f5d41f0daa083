// Which ports are the clocks, resets, interfaces and interrupts of a block.
#include "rtl/build/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/support/config_error.h"

namespace cardvp::rtl {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Port in(const char* name, unsigned width = 1) { return {name, name, width, true}; }
Port out(const char* name, unsigned width = 1) { return {name, name, width, false}; }

std::vector<Port> axi_lite(const std::string& prefix, unsigned bits = 32) {
  std::vector<Port> ports = {
      in("awaddr", 12), in("awvalid"),      out("awready"),  in("wdata", bits), in("wstrb", bits / 8), in("wvalid"),
      out("wready"),    out("bresp", 2),    out("bvalid"),   in("bready"),      in("araddr", 12),      in("arvalid"),
      out("arready"),   out("rdata", bits), out("rresp", 2), out("rvalid"),     in("rready")};
  for (Port& port : ports) port.name = prefix + port.name;
  return ports;
}

std::vector<Port> operator+(std::vector<Port> a, const std::vector<Port>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

BlockSource source() {
  BlockSource block;
  block.name = block.top = "block";
  return block;
}

std::string failure(const BlockSource& block, const std::vector<Port>& ports) {
  try {
    resolve(block, ports);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "none";
}

TEST(Resolve, ByConvention) {
  const auto result =
      resolve(source(), std::vector<Port>{in("aclk"), in("aresetn"), out("irq"), in("mode", 3)} + axi_lite("s_axil_") +
                            std::vector<Port>{in("s_axis_tdata", 64), in("s_axis_tvalid"), out("s_axis_tready"),
                                              out("m_axis_tdata", 64), out("m_axis_tvalid")});
  const BlockDescription& block = result.description;
  ASSERT_EQ(block.clocks.size(), 1u);
  EXPECT_EQ(block.clocks[0].port, "aclk");
  ASSERT_EQ(block.resets.size(), 1u);
  EXPECT_TRUE(block.resets[0].active_low);
  EXPECT_THAT(block.interrupts, ElementsAre("irq"));
  ASSERT_EQ(block.interfaces.size(), 3u);
  const InterfaceDescription* const control = block.interface("s_axil");
  ASSERT_NE(control, nullptr);
  EXPECT_EQ(control->kind, InterfaceKind::kAxiLite);
  EXPECT_EQ(control->role, InterfaceRole::kTarget);
  EXPECT_EQ(control->port("rdata"), "s_axil_rdata");
  EXPECT_EQ(control->port("awprot"), "");
  ASSERT_NE(block.interface("s_axis"), nullptr);
  EXPECT_EQ(block.interface("s_axis")->role, InterfaceRole::kSink);
  EXPECT_EQ(block.interface("m_axis")->role, InterfaceRole::kSource);
  ASSERT_EQ(result.left_over.size(), 1u);
  EXPECT_EQ(result.left_over[0].name, "mode");
  EXPECT_THAT(result.by_convention, ElementsAre("aclk", "aresetn", "s_axil", "s_axis", "m_axis", "irq"));
  EXPECT_EQ(to_text(description_from_text(to_text(block))), to_text(block));
}

TEST(Resolve, Axi4IsToldByItsLengthAndUpperCaseByNothing) {
  const auto result = resolve(
      source(), {in("ACLK"), out("M_AXI_ARADDR", 32), out("M_AXI_ARLEN", 8), out("M_AXI_ARVALID"), in("M_AXI_ARREADY"),
                 in("M_AXI_RDATA", 64), in("M_AXI_RLAST"), in("M_AXI_RVALID"), out("M_AXI_RREADY")});
  ASSERT_EQ(result.description.interfaces.size(), 1u);
  EXPECT_EQ(result.description.interfaces[0].kind, InterfaceKind::kAxi4);
  EXPECT_EQ(result.description.interfaces[0].role, InterfaceRole::kMaster);
  EXPECT_EQ(result.description.interfaces[0].port("arlen"), "M_AXI_ARLEN");
  EXPECT_THAT(result.left_over, IsEmpty());
}

TEST(Resolve, ApbAndRegisterPort) {
  const auto result =
      resolve(source(), {in("pclk"), in("presetn"), in("paddr", 12), in("psel"), in("penable"), in("pwrite"),
                         in("pwdata", 32), out("prdata", 32), out("pready"), in("cs"), in("we"), in("address", 8),
                         in("write_data", 32), out("read_data", 32), in("other_cs")});
  ASSERT_EQ(result.description.interfaces.size(), 2u);
  EXPECT_NE(result.description.interface("apb"), nullptr);
  EXPECT_NE(result.description.interface("register_port"), nullptr);
  ASSERT_EQ(result.left_over.size(), 1u);  // other_cs has nothing else of a register port
}

TEST(Resolve, ClocksOfInterfacesByPrefix) {
  const auto result =
      resolve(source(), {in("m_axis_aclk"), in("m_axis_aresetn"), in("s_axis_aclk"), in("s_axis_aresetn"),
                         in("s_axis_tdata", 8), in("s_axis_tvalid"), out("m_axis_tdata", 8), out("m_axis_tvalid")});
  EXPECT_EQ(result.description.interface("s_axis")->clock, "s_axis_aclk");
  EXPECT_EQ(result.description.interface("m_axis")->clock, "m_axis_aclk");
  EXPECT_EQ(result.description.resets[1].clock, "s_axis_aclk");
}

TEST(Resolve, ResetsAndTheirLevels) {
  const auto level = [](const char* name) {
    const auto result = resolve(source(), {in("clk"), in(name)});
    return result.description.resets.empty() ? -1 : result.description.resets[0].active_low ? 0 : 1;
  };
  for (const char* const name : {"rst_n", "rstn", "reset_n", "aresetn", "rst_ni", "nreset"})
    EXPECT_EQ(level(name), 0) << name;
  for (const char* const name : {"rst", "reset", "rst_i", "arst"}) EXPECT_EQ(level(name), 1) << name;
  EXPECT_EQ(level("restart"), -1);
}

TEST(Resolve, GivenSignalsReplaceThoseOfThePrefix) {
  BlockSource block = source();
  InterfaceSource interface;
  interface.pointer = "/interfaces/0";
  interface.kind = InterfaceKind::kRegisterPort;
  interface.name = "registers";
  interface.signals = {{"cs", "select"}, {"we", "write"}, {"address", "at"}, {"write_data", "d"}, {"read_data", "q"}};
  block.interfaces = {interface};
  const std::vector<Port> ports = {in("clk"), in("select"), in("write"), in("at", 8), in("d", 32), out("q", 32)};
  EXPECT_EQ(resolve(block, ports).description.interface("registers")->port("cs"), "select");
  block.interfaces[0].signals["we"] = "wite";
  EXPECT_EQ(failure(block, ports), "/interfaces/0/signals/we: the module block has no port wite");
  block.interfaces[0].signals["we"] = "q";
  EXPECT_THAT(failure(block, ports), AllOf(HasSubstr("/interfaces/0/signals/"), HasSubstr("q")));
  block.interfaces[0].signals["wee"] = "write";
  EXPECT_THAT(failure(block, ports), HasSubstr("register_port has no signal wee"));
}

TEST(Resolve, MissingPortIsNamed) {
  auto ports = std::vector<Port>{in("clk")} + axi_lite("s_axi_");
  std::erase_if(ports, [](const Port& port) { return port.name == "s_axi_bready"; });
  EXPECT_THAT(failure(source(), ports), AllOf(HasSubstr("/signals/bready"), HasSubstr("no port s_axi_bready")));
  std::erase_if(ports, [](const Port& port) {
    return port.name.find("_aw") != std::string::npos || port.name.find("_w") != std::string::npos ||
           port.name.find("_b") != std::string::npos;
  });
  EXPECT_EQ(failure(source(), ports), "none");  // the read channels alone
}

TEST(Resolve, WidthsThatDoNotGoTogether) {
  auto ports = std::vector<Port>{in("clk")} + axi_lite("s_axi_");
  for (Port& port : ports)
    if (port.name == "s_axi_wstrb") port.width = 8;
  EXPECT_THAT(failure(source(), ports),
              AllOf(HasSubstr("/signals/wstrb: expected 4 bits, as of wdata"), HasSubstr("s_axi_wstrb of 8")));
  EXPECT_THAT(failure(source(), {in("clk"), in("x_tdata", 12), in("x_tvalid")}), HasSubstr("whole bytes"));
  EXPECT_THAT(failure(source(), {in("clk"), in("x_tdata", 8), in("x_tvalid"), out("x_tready", 2)}),
              HasSubstr("/signals/tready: expected 1 bit, got x_tready of 2"));
}

TEST(Resolve, DirectionsThatDoNotFit) {
  auto ports = std::vector<Port>{in("clk")} + axi_lite("s_axi_");
  for (Port& port : ports)
    if (port.name == "s_axi_wready") port.is_input = true;
  EXPECT_THAT(failure(source(), ports), AllOf(HasSubstr("/signals/wready"), HasSubstr("expected an output of axi_lite"),
                                              HasSubstr("s_axi_wready, an input")));
}

TEST(Resolve, ClocksAndInterruptsThatAreNone) {
  EXPECT_THAT(failure(source(), {in("tick")}), HasSubstr("/clocks: expected the block's clock"));
  BlockSource block = source();
  block.clocks = {{"tick"}};
  EXPECT_EQ(failure(block, {in("tick")}), "none");
  EXPECT_THAT(failure(block, {in("tick", 2)}), HasSubstr("/clocks/0/port: expected an input of one bit"));
  EXPECT_THAT(failure(block, {in("tock")}), HasSubstr("/clocks/0/port: the module block has no port tick"));
  block.interrupts = {"done"};
  EXPECT_THAT(failure(block, {in("tick"), in("done")}), HasSubstr("/interrupts/0: expected an output of one bit"));
  block.resets = {{"reset", "tock", std::nullopt}};
  EXPECT_THAT(failure(block, {in("tick"), in("reset")}), HasSubstr("/resets/0/clock"));
}

TEST(Ports, AsVerilatorWritesThem) {
  const auto ports = read_ports(
      "    VL_IN8(&clk,0,0);\n    VL_OUT16(&count,11,0);\n    VL_INW(&wide_in,127,0,4);\n    VL_IN64(&q,39,0);\n"
      "    VL_OUT(&x,35,4);\n    VL_IN8(&__SYM__int,0,0);\n    VL_IN8(&a___05Fb,0,0);\n    Other* const rootp;\n");
  ASSERT_EQ(ports.size(), 7u);
  EXPECT_EQ(ports[1].width, 12u);
  EXPECT_FALSE(ports[1].is_input);
  EXPECT_EQ(ports[2].width, 128u);
  EXPECT_EQ(ports[4].width, 32u);
  EXPECT_EQ(ports[5].name, "int");
  EXPECT_EQ(ports[5].member, "__SYM__int");
  EXPECT_EQ(ports[6].name, "a__b");
  EXPECT_THROW(read_ports("    VL_INOUT8(&pad,0,0);\n"), ConfigError);
  EXPECT_THROW(read_ports("    VL_IN8((&array)[4],7,0);\n"), ConfigError);
  EXPECT_THROW(read_ports("    double &volts;\n"), ConfigError);
}

}  // namespace
}  // namespace cardvp::rtl
