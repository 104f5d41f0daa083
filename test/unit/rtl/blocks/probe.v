// What the tests of blocks look at: a counter, a request that is answered after `latency` cycles (0: never), and every
// way in which a block can fail.
module probe #(
    parameter START = 0
) (
    input clk,
    input rst_n,
    input enable,
    output reg [15:0] count,
    output irq,                // while the count is 100
    output reg [7:0] in_reset, // cycles
    input req,
    input [7:0] latency,
    output ack,
    input [7:0] command,
    input oscillate,
    output loop,
    input [127:0] wide_in,
    output [127:0] wide_out,
    input [39:0] long_in,
    output [39:0] long_out,
    output reg [31:0] from_plusarg
);
  reg [7:0] waited;
  initial begin
    in_reset = 0;
    if (!$value$plusargs("word=%d", from_plusarg)) from_plusarg = 0;
  end
  assign irq = count == 100;
  assign ack = req && latency != 0 && waited == latency - 8'd1;
  assign loop = oscillate & ~loop;
  assign wide_out = ~wide_in;
  assign long_out = long_in + 1;
  always @(posedge clk)
    if (!rst_n) begin
      count <= START;
      waited <= 0;
      in_reset <= in_reset + 1;
    end else begin
      if (enable) count <= count + 1;
      waited <= req && !ack ? waited + 8'd1 : 8'd0;
      case (command)
        1: $finish;
        2: $stop;
        3: $fatal(1, "command 3");
        4: $display("count %0d", count);
        default: ;
      endcase
    end
endmodule
