// Two counters, each with a clock of its own; `seen` is what the second saw of the first.
module two_clocks (
    input fast_clk,
    input slow_clk,
    input fast_rst,
    output reg [31:0] fast_count,
    output reg [31:0] slow_count,
    output reg [31:0] seen
);
  always @(posedge fast_clk)
    if (fast_rst) fast_count <= 0;
    else fast_count <= fast_count + 1;
  always @(posedge slow_clk) begin
    slow_count <= slow_count + 1;
    seen <= fast_count;
  end
endmodule
