// The DMA with faults around it, one at a time, as an RTL may have them: `fault` says which.
//   1 the interrupt never comes           2 the interrupt is always there      3 ID is another
//   4 HEAD is one more                    5 a bit of some words written        6 write errors are not seen
//   7 read errors are not seen            8 nothing is read any more           9 reads are 4 KiB further
//   10 each write is refused              11 128 bytes are written again       12 some words are not written
module faulty_dma (
    input  logic [ 3:0] fault,
    input  logic        clk,
    input  logic        rst_n,
    input  logic [11:0] s_axil_awaddr,
    input  logic [ 2:0] s_axil_awprot,
    input  logic        s_axil_awvalid,
    output logic        s_axil_awready,
    input  logic [31:0] s_axil_wdata,
    input  logic [ 3:0] s_axil_wstrb,
    input  logic        s_axil_wvalid,
    output logic        s_axil_wready,
    output logic [ 1:0] s_axil_bresp,
    output logic        s_axil_bvalid,
    input  logic        s_axil_bready,
    input  logic [11:0] s_axil_araddr,
    input  logic [ 2:0] s_axil_arprot,
    input  logic        s_axil_arvalid,
    output logic        s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [ 1:0] s_axil_rresp,
    output logic        s_axil_rvalid,
    input  logic        s_axil_rready,
    output logic [63:0] m_axi_araddr,
    output logic [ 7:0] m_axi_arlen,
    output logic [ 2:0] m_axi_arsize,
    output logic [ 1:0] m_axi_arburst,
    output logic        m_axi_arvalid,
    input  logic        m_axi_arready,
    input  logic [63:0] m_axi_rdata,
    input  logic [ 1:0] m_axi_rresp,
    input  logic        m_axi_rlast,
    input  logic        m_axi_rvalid,
    output logic        m_axi_rready,
    output logic [63:0] m_axi_awaddr,
    output logic [ 7:0] m_axi_awlen,
    output logic [ 2:0] m_axi_awsize,
    output logic [ 1:0] m_axi_awburst,
    output logic        m_axi_awvalid,
    input  logic        m_axi_awready,
    output logic [63:0] m_axi_wdata,
    output logic [ 7:0] m_axi_wstrb,
    output logic        m_axi_wlast,
    output logic        m_axi_wvalid,
    input  logic        m_axi_wready,
    input  logic [ 1:0] m_axi_bresp,
    input  logic        m_axi_bvalid,
    output logic        m_axi_bready,
    output logic        irq
);
  logic inner_irq, inner_arvalid;
  logic [31:0] inner_rdata;
  logic [63:0] inner_wdata, inner_araddr, inner_awaddr;
  logic [7:0] inner_wstrb;
  logic [1:0] inner_bresp, inner_rresp;
  logic [11:0] read_at;
  logic [1:0] word;

  assign irq = fault == 1 ? 1'b0 : fault == 2 ? 1'b1 : inner_irq;
  always_ff @(posedge clk) begin
    if (s_axil_arvalid && s_axil_arready) read_at <= s_axil_araddr;
    if (!rst_n) word <= '0;
    else if (m_axi_wvalid && m_axi_wready) word <= word + 1;
  end
  assign s_axil_rdata = inner_rdata + ((fault == 3 && read_at == 12'h000) || (fault == 4 && read_at == 12'h028) ? 1 : 0);
  assign m_axi_wdata = fault == 5 && word == 2 ? inner_wdata ^ 64'h1000 : inner_wdata;
  assign m_axi_wstrb = fault == 12 && word == 3 ? 8'h00 : inner_wstrb;
  assign inner_bresp = fault == 6 ? 2'b00 : fault == 10 ? 2'b10 : m_axi_bresp;
  assign inner_rresp = fault == 7 ? 2'b00 : m_axi_rresp;
  assign m_axi_arvalid = inner_arvalid && fault != 8;
  assign m_axi_araddr = fault == 9 ? inner_araddr + 64'h1000 : inner_araddr;
  assign m_axi_awaddr = fault == 11 ? inner_awaddr & ~64'h80 : inner_awaddr;

  dma inner (.*, .irq(inner_irq), .s_axil_rdata(inner_rdata), .m_axi_wdata(inner_wdata), .m_axi_wstrb(inner_wstrb),
             .m_axi_bresp(inner_bresp), .m_axi_rresp(inner_rresp), .m_axi_arvalid(inner_arvalid),
             .m_axi_araddr(inner_araddr), .m_axi_awaddr(inner_awaddr));
endmodule
