-- Runs the published top level, `main`, for some clocks, and writes every byte that it sends to `answers.txt`.
-- With `serial` it sends the bytes of `packets.txt` bit by bit as a host does; without, `bytes_in.vhd` gives them.
-- Without `listens` it is `bytes_out.vhd` that writes the answers.

library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use std.textio.all;

entity bench is
  generic (serial : boolean := false; listens : boolean := true; clocks : natural := 1000000);
end entity;

architecture bench of bench is
  constant clock : time := 10 ns;
  constant bit_time : time := 1 us;  -- 1 Mbaud
  signal clk, rx : std_logic := '1';
  signal tx : std_logic;
  signal done : boolean := false;
begin
  dut : entity work.main port map (clk => clk, uart_rxd => rx, uart_txd => tx);

  process
  begin
    for tick in 1 to clocks loop
      clk <= '0';
      wait for clock / 2;
      clk <= '1';
      wait for clock / 2;
    end loop;
    done <= true;
    wait;
  end process;

  sends : if serial generate
    process
      file packets : text open read_mode is "packets.txt";
      variable one : line;
      variable number : integer;
      variable byte : std_logic_vector(7 downto 0);
    begin
      wait for 30 us;
      while not endfile(packets) loop
        readline(packets, one);
        read(one, number);
        if number < 0 then
          wait for -number * clock;
        else
          byte := std_logic_vector(to_unsigned(number, 8));
          rx <= '0';
          wait for bit_time;
          for place in 0 to 7 loop
            rx <= byte(place);
            wait for bit_time;
          end loop;
          rx <= '1';
          wait for bit_time;
        end if;
      end loop;
      wait;
    end process;
  end generate;

  hears : if listens generate
  process
    file answers : text open write_mode is "answers.txt";
    variable one : line;
    variable byte : std_logic_vector(7 downto 0);
  begin
    wait for 2 us;  -- its line is not high from the start
    while not done loop
      wait until falling_edge(tx) or done;
      exit when done;
      wait for 1.5 * 1.02 * bit_time;  -- its transmitter takes 102 clocks a bit
      for place in 0 to 7 loop
        byte(place) := tx;
        wait for 1.02 * bit_time;
      end loop;
      write(one, to_integer(unsigned(byte)));
      writeline(answers, one);
    end loop;
    wait;
  end process;
  end generate;
end architecture;
