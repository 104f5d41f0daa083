// The ports of rtl/blocks/toeplitz, and a block behind them that is always busy, until so many resets have gone by as
// RESETS says; 0: always. Then every hash is 600d.
module busy_toeplitz #(
    parameter int RESETS = 0
) (
    input  logic        clk,
    input  logic        rst_n,
    input  logic        cs,
    input  logic        we,
    input  logic [ 5:0] address,
    input  logic [31:0] write_data,
    output logic [31:0] read_data
);
  int resets = 0;  // which no reset resets
  logic was_reset = 1'b0;
  always_ff @(posedge clk) begin
    was_reset <= !rst_n;
    if (was_reset && rst_n) resets <= resets + 1;
  end
  logic busy;
  assign busy = RESETS == 0 || resets < RESETS;
  always_comb begin
    read_data = '0;
    if (cs && !we && address == 6'h02) read_data = 32'(busy);
    if (cs && !we && address == 6'h03) read_data = 32'h600d;
  end
  logic unused;
  assign unused = &{1'b0, write_data};
endmodule
