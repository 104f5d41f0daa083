// Dot product: sums up the products of pairs of signed 16-bit numbers. An example of a block with AXI4-Lite registers
// and an interrupt, as many blocks are.
//
//   0x00 ID       ro  0x444f5401
//   0x04 CONTROL  wo  bit 0: CLEAR, sum and number of pairs become 0
//   0x08 STATUS   w1c bit 0: DONE, COUNT pairs have been taken; drives irq
//   0x0c COUNT    rw  pairs until DONE; 0: never
//   0x10 PAIR     wo  bits 15:0 and 31:16, signed: their product is added
//   0x14 SUM      ro  bits 31:0 of the sum, which is signed, of 48 bits
//   0x18 SUM_HIGH ro  bits 47:32, sign-extended
//   0x1c TAKEN    ro  pairs since CLEAR
//
// A pair a write; other addresses answer SLVERR.
module dot (
    input             clk,
    input             rst_n,
    input      [ 7:0] s_axi_awaddr,
    input             s_axi_awvalid,
    output            s_axi_awready,
    input      [31:0] s_axi_wdata,
    input      [ 3:0] s_axi_wstrb,
    input             s_axi_wvalid,
    output            s_axi_wready,
    output reg [ 1:0] s_axi_bresp,
    output reg        s_axi_bvalid,
    input             s_axi_bready,
    input      [ 7:0] s_axi_araddr,
    input             s_axi_arvalid,
    output            s_axi_arready,
    output reg [31:0] s_axi_rdata,
    output reg [ 1:0] s_axi_rresp,
    output reg        s_axi_rvalid,
    input             s_axi_rready,
    output            irq
);
  localparam ID = 6'h00, CONTROL = 6'h01, STATUS = 6'h02, COUNT = 6'h03, PAIR = 6'h04, SUM = 6'h05, SUM_HIGH = 6'h06,
      TAKEN = 6'h07;
  localparam OKAY = 2'b00, SLVERR = 2'b10;

  reg signed [47:0] sum;
  reg [31:0] count, taken;
  reg done;
  assign irq = done;

  // A write is taken when its address and its data are there, and the answer before it has gone; so are reads.
  wire write = s_axi_awvalid && s_axi_wvalid && !s_axi_bvalid;
  wire read = s_axi_arvalid && !s_axi_rvalid;
  wire [5:0] write_word = s_axi_awaddr[7:2];
  wire [5:0] read_word = s_axi_araddr[7:2];
  wire whole = s_axi_wstrb == 4'b1111;
  assign s_axi_awready = write;
  assign s_axi_wready  = write;
  assign s_axi_arready = read;

  wire signed [31:0] product = $signed(s_axi_wdata[15:0]) * $signed(s_axi_wdata[31:16]);
  wire take = write && whole && write_word == PAIR;

  always @(posedge clk) begin
    if (!rst_n) begin
      sum   <= 0;
      count <= 0;
      taken <= 0;
      done  <= 0;
    end else begin
      if (take) begin
        sum   <= sum + {{16{product[31]}}, product};
        taken <= taken + 1;
        if (taken + 1 == count) done <= 1;
      end
      if (write && whole && write_word == CONTROL && s_axi_wdata[0]) begin
        sum   <= 0;
        taken <= 0;
      end
      if (write && whole && write_word == STATUS && s_axi_wdata[0]) done <= 0;
      if (write && whole && write_word == COUNT) count <= s_axi_wdata;
    end
  end

  always @(posedge clk) begin
    if (!rst_n) begin
      s_axi_bvalid <= 0;
      s_axi_bresp  <= OKAY;
    end else if (write) begin
      s_axi_bvalid <= 1;
      s_axi_bresp  <= whole && write_word >= CONTROL && write_word <= PAIR ? OKAY : SLVERR;
    end else if (s_axi_bready) begin
      s_axi_bvalid <= 0;
    end
  end

  always @(posedge clk) begin
    if (!rst_n) begin
      s_axi_rvalid <= 0;
      s_axi_rresp  <= OKAY;
      s_axi_rdata  <= 0;
    end else if (read) begin
      s_axi_rvalid <= 1;
      s_axi_rresp  <= read_word <= TAKEN ? OKAY : SLVERR;
      case (read_word)
        ID:       s_axi_rdata <= 32'h444f5401;
        STATUS:   s_axi_rdata <= {31'b0, done};
        COUNT:    s_axi_rdata <= count;
        SUM:      s_axi_rdata <= sum[31:0];
        SUM_HIGH: s_axi_rdata <= {{16{sum[47]}}, sum[47:32]};
        TAKEN:    s_axi_rdata <= taken;
        default:  s_axi_rdata <= 0;
      endcase
    end else if (s_axi_rready) begin
      s_axi_rvalid <= 0;
    end
  end
endmodule
