// Two bus masters for tests of the bridge. m_axi does whatever is asked for at s_axi, through a register stage in each
// channel. bad_axi sends the burst that the plain inputs describe, legal or not, each time `start` rises: a read, or a
// write with WLAST in beat `last_beat`.
module stage #(
    parameter WIDTH = 1
) (
    input clk,
    input rst_n,
    input in_valid,
    output in_ready,
    input [WIDTH-1:0] in,
    output out_valid,
    input out_ready,
    output [WIDTH-1:0] out
);
  reg [WIDTH-1:0] entries[2];
  reg [1:0] head, tail;
  assign in_ready = head - tail != 2'd2;
  assign out_valid = head != tail;
  assign out = entries[tail[0]];
  always @(posedge clk)
    if (!rst_n) begin
      head <= 0;
      tail <= 0;
    end else begin
      if (in_valid && in_ready) begin
        entries[head[0]] <= in;
        head <= head + 1;
      end
      if (out_valid && out_ready) tail <= tail + 1;
    end
endmodule

module master (
    input clk,
    input rst_n,

    input [3:0] s_axi_awid,
    input [31:0] s_axi_awaddr,
    input [7:0] s_axi_awlen,
    input [2:0] s_axi_awsize,
    input [1:0] s_axi_awburst,
    input s_axi_awvalid,
    output s_axi_awready,
    input [127:0] s_axi_wdata,
    input [15:0] s_axi_wstrb,
    input s_axi_wlast,
    input s_axi_wvalid,
    output s_axi_wready,
    output [3:0] s_axi_bid,
    output [1:0] s_axi_bresp,
    output s_axi_bvalid,
    input s_axi_bready,
    input [3:0] s_axi_arid,
    input [31:0] s_axi_araddr,
    input [7:0] s_axi_arlen,
    input [2:0] s_axi_arsize,
    input [1:0] s_axi_arburst,
    input s_axi_arvalid,
    output s_axi_arready,
    output [3:0] s_axi_rid,
    output [127:0] s_axi_rdata,
    output [1:0] s_axi_rresp,
    output s_axi_rlast,
    output s_axi_rvalid,
    input s_axi_rready,

    output [3:0] m_axi_awid,
    output [31:0] m_axi_awaddr,
    output [7:0] m_axi_awlen,
    output [2:0] m_axi_awsize,
    output [1:0] m_axi_awburst,
    output m_axi_awvalid,
    input m_axi_awready,
    output [127:0] m_axi_wdata,
    output [15:0] m_axi_wstrb,
    output m_axi_wlast,
    output m_axi_wvalid,
    input m_axi_wready,
    input [3:0] m_axi_bid,
    input [1:0] m_axi_bresp,
    input m_axi_bvalid,
    output m_axi_bready,
    output [3:0] m_axi_arid,
    output [31:0] m_axi_araddr,
    output [7:0] m_axi_arlen,
    output [2:0] m_axi_arsize,
    output [1:0] m_axi_arburst,
    output m_axi_arvalid,
    input m_axi_arready,
    input [3:0] m_axi_rid,
    input [127:0] m_axi_rdata,
    input [1:0] m_axi_rresp,
    input m_axi_rlast,
    input m_axi_rvalid,
    output m_axi_rready,

    input start,
    input write,
    input [31:0] address,
    input [7:0] len,
    input [2:0] size,
    input [1:0] burst,
    input [8:0] last_beat,
    input hold,  // takes no answer
    output reg [8:0] answers,
    output reg [1:0] answer,  // the worst
    output [31:0] bad_axi_awaddr,
    output [7:0] bad_axi_awlen,
    output [2:0] bad_axi_awsize,
    output [1:0] bad_axi_awburst,
    output bad_axi_awvalid,
    input bad_axi_awready,
    output [31:0] bad_axi_wdata,
    output [3:0] bad_axi_wstrb,
    output bad_axi_wlast,
    output bad_axi_wvalid,
    input bad_axi_wready,
    input [1:0] bad_axi_bresp,
    input bad_axi_bvalid,
    output bad_axi_bready,
    output [31:0] bad_axi_araddr,
    output [7:0] bad_axi_arlen,
    output [2:0] bad_axi_arsize,
    output [1:0] bad_axi_arburst,
    output bad_axi_arvalid,
    input bad_axi_arready,
    input [31:0] bad_axi_rdata,
    input [1:0] bad_axi_rresp,
    input bad_axi_rlast,
    input bad_axi_rvalid,
    output bad_axi_rready
);
  stage #(49) aw (
      clk, rst_n, s_axi_awvalid, s_axi_awready, {s_axi_awid, s_axi_awaddr, s_axi_awlen, s_axi_awsize, s_axi_awburst},
      m_axi_awvalid, m_axi_awready, {m_axi_awid, m_axi_awaddr, m_axi_awlen, m_axi_awsize, m_axi_awburst});
  stage #(145) w (
      clk, rst_n, s_axi_wvalid, s_axi_wready, {s_axi_wdata, s_axi_wstrb, s_axi_wlast},
      m_axi_wvalid, m_axi_wready, {m_axi_wdata, m_axi_wstrb, m_axi_wlast});
  stage #(6) b (
      clk, rst_n, m_axi_bvalid, m_axi_bready, {m_axi_bid, m_axi_bresp},
      s_axi_bvalid, s_axi_bready, {s_axi_bid, s_axi_bresp});
  stage #(49) ar (
      clk, rst_n, s_axi_arvalid, s_axi_arready, {s_axi_arid, s_axi_araddr, s_axi_arlen, s_axi_arsize, s_axi_arburst},
      m_axi_arvalid, m_axi_arready, {m_axi_arid, m_axi_araddr, m_axi_arlen, m_axi_arsize, m_axi_arburst});
  stage #(135) r (
      clk, rst_n, m_axi_rvalid, m_axi_rready, {m_axi_rid, m_axi_rdata, m_axi_rresp, m_axi_rlast},
      s_axi_rvalid, s_axi_rready, {s_axi_rid, s_axi_rdata, s_axi_rresp, s_axi_rlast});

  reg started, address_wanted, data_wanted;
  reg [8:0] beat;
  assign bad_axi_awaddr = address;
  assign bad_axi_awlen = len;
  assign bad_axi_awsize = size;
  assign bad_axi_awburst = burst;
  assign bad_axi_awvalid = address_wanted && write;
  assign bad_axi_araddr = address;
  assign bad_axi_arlen = len;
  assign bad_axi_arsize = size;
  assign bad_axi_arburst = burst;
  assign bad_axi_arvalid = address_wanted && !write;
  assign bad_axi_wdata = {23'h5a5a5a, beat};
  assign bad_axi_wstrb = 4'hf;
  assign bad_axi_wlast = beat == last_beat;
  assign bad_axi_wvalid = data_wanted;
  assign bad_axi_bready = !hold;
  assign bad_axi_rready = !hold;
  always @(posedge clk)
    if (!rst_n) begin
      started <= 0;
      address_wanted <= 0;
      data_wanted <= 0;
      answers <= 0;
      answer <= 0;
    end else begin
      started <= start;
      if (start && !started) begin
        address_wanted <= 1;
        data_wanted <= write;
        beat <= 0;
        answers <= 0;
        answer <= 0;
      end
      if ((bad_axi_awvalid && bad_axi_awready) || (bad_axi_arvalid && bad_axi_arready)) address_wanted <= 0;
      if (bad_axi_wvalid && bad_axi_wready) begin
        beat <= beat + 1;
        data_wanted <= beat != {1'b0, len};
      end
      if ((bad_axi_bvalid && bad_axi_bready) || (bad_axi_rvalid && bad_axi_rready)) begin
        answers <= answers + 1;
        if ((bad_axi_bvalid ? bad_axi_bresp : bad_axi_rresp) > answer)
          answer <= bad_axi_bvalid ? bad_axi_bresp : bad_axi_rresp;
      end
    end
endmodule
