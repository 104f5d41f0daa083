// The ports of rtl/blocks/checksum, and a block behind them that takes the stream and answers no register access.
module dead_checksum (
    input  logic        clk,
    input  logic [11:0] s_axil_awaddr,
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
    input  logic        s_axil_arvalid,
    output logic        s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [ 1:0] s_axil_rresp,
    output logic        s_axil_rvalid,
    input  logic        s_axil_rready,
    input  logic [63:0] s_axis_tdata,
    input  logic [ 7:0] s_axis_tkeep,
    input  logic        s_axis_tlast,
    input  logic        s_axis_tvalid,
    output logic        s_axis_tready
);
  assign {s_axil_awready, s_axil_wready, s_axil_bresp, s_axil_bvalid} = '0;
  assign {s_axil_arready, s_axil_rdata, s_axil_rresp, s_axil_rvalid} = '0;
  assign s_axis_tready = 1'b1;
  logic unused;
  assign unused = &{1'b0, clk, s_axil_awaddr, s_axil_awvalid, s_axil_wdata, s_axil_wstrb, s_axil_wvalid, s_axil_bready,
                    s_axil_araddr, s_axil_arvalid, s_axil_rready, s_axis_tdata, s_axis_tkeep, s_axis_tlast, s_axis_tvalid};
endmodule
